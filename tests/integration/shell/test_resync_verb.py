"""`bridge resync`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync.models import AuditEntry, Job
from tests import factories
from tests.farend import FarEnd
from tests.integration.shell.conftest import Shell


@pytest.fixture(autouse=True)
def far_end() -> Iterator[FarEnd]:
    with FarEnd() as server:
        server.set("")
        yield server


def test_without_yes_it_only_tells(shell: Shell) -> None:
    factories.failed_record()

    assert shell("resync", "gadgets", "--mode", "empty") == 0

    assert "1 open failed records are discarded" in shell.out
    assert "add --yes" in shell.err
    assert shell("resync", "gadgets", "--json") == 0
    assert shell.json["mode"] == "keep"
    assert not Job.objects.exists()


@pytest.mark.parametrize(("mode", "kind"), [("keep", "sync"), ("empty", "resync")])
def test_with_yes_it_does_it(shell: Shell, mode: str, kind: str) -> None:
    assert shell("resync", "gadgets", "--mode", mode, "--yes", "--reason", "wrong system", "--json") == 0

    assert shell.json["kind"] == kind
    assert AuditEntry.objects.get(act="entity.resync").reason == "wrong system"


def test_what_is_asked_wrongly_is_one_sentence(shell: Shell, far_end: FarEnd) -> None:
    assert shell("resync", "nothing") == 2
    assert "[unknown_entity]" in shell.err
    far_end.refuse_with = (500, {}, b"{}")
    assert shell("resync", "gadgets", "--mode", "empty", "--yes") == 1
    assert "[far_end_away]" in shell.err
