"""`bridge failed` on many."""

from __future__ import annotations

import pytest

from sync.models import AuditEntry, ErrorGroup, FailedRecord, Job
from tests import factories
from tests.integration.shell.conftest import Shell


def a_group(members: int = 2, **columns: str) -> ErrorGroup:
    group = factories.error_group(**columns)
    for _ in range(members):
        factories.failed_record(fingerprint=group.fingerprint)
    return group


def test_it_lists_the_causes(shell: Shell) -> None:
    group = a_group(3)
    closed = a_group(0, state="closed")

    assert shell("failed", "groups") == 0

    assert str(group.id) in shell.out
    assert str(closed.id) not in shell.out


def test_it_lists_them_as_json(shell: Shell) -> None:
    a_group(0, state="closed")

    shell("failed", "groups", "--all", "--entity", "gadgets", "--json")

    assert [(row["state"], row["members"]) for row in shell.json] == [("closed", 0)]


def test_it_says_where_there_are_none(shell: Shell) -> None:
    shell("failed", "groups")

    assert "nothing to group" in shell.out


def test_a_group_is_owned_and_fixed(shell: Shell) -> None:
    group, mapping = a_group(), factories.mapping(no=3)

    given = ("--owner", "olga", "--fixed-in", "3", "--snooze", "2")
    assert shell("failed", "group", str(group.id), *given) == 0

    group.refresh_from_db()
    assert (group.owner, group.fixed_in, group.state) == ("olga", mapping, "resolved")
    assert group.snoozed_until
    assert "resolved" in shell.out


def test_a_preview_writes_nothing(shell: Shell) -> None:
    group = a_group()

    assert shell("failed", "preview", "--group", str(group.id), "--json") == 0

    assert (shell.json["tried"], shell.json["fails"]) == (2, {"too_long": 2})
    assert FailedRecord.objects.filter(attempts=0, state="open").count() == 2


def test_a_preview_is_told_in_words(shell: Shell) -> None:
    a_group()

    shell("failed", "preview", "--code", "too_long")

    assert "Of 2 tried (2 are open; nothing was written)" in shell.out
    assert "fail again: too_long" in shell.out


@pytest.mark.parametrize("by", ["group", "filter"])
def test_all_are_run_again(shell: Shell, by: str) -> None:
    group = a_group()
    which = ["--group", str(group.id)] if by == "group" else ["--entity", "gadgets", "--message", "TOO long"]

    assert shell("failed", "retry", *which, "--reason", "mapping v3") == 0

    job = Job.objects.get()
    assert (job.kind, str(job.id) in shell.out) == ("replay", True)
    assert AuditEntry.objects.get().reason == "mapping v3"


@pytest.mark.parametrize("by", ["group", "filter"])
def test_all_are_discarded(shell: Shell, by: str) -> None:
    group = a_group()
    which = ["--group", str(group.id)] if by == "group" else ["--stage", "validate"]

    assert shell("failed", "discard", *which) == 0

    assert "2 discarded" in shell.out
    group.refresh_from_db()
    assert group.state == "closed"


def test_a_group_without_an_id_is_asked_for(shell: Shell) -> None:
    assert shell("failed", "group", "--owner", "olga") != 0

    assert "bridge failed groups" in shell.err


def test_a_group_of_jobs_cannot_be_tried(shell: Shell) -> None:
    group = a_group(0, kind="job")

    assert shell("failed", "preview", "--group", str(group.id)) != 0

    assert "jobs" in shell.err
