"""Equal requests at one moment."""

from __future__ import annotations

from sync.models import Command, Job
from tests.integration.commands.conftest import taken
from tests.integration.jobs.conftest import together


def test_ten_equal_requests_at_one_moment_are_one_command(committed: None) -> None:
    found: list[tuple[bool, str]] = []

    def act(_: int) -> None:
        one = taken("mail", key="k-1")
        found.append((one.created, str(one.command.pk)))

    together(10, act)

    assert sum(created for created, _ in found) == 1
    assert len({number for _, number in found}) == 1
    assert Command.objects.count() == Job.objects.count() == 1
