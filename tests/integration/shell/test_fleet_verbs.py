"""`bridge workers`, `bridge drain` and `bridge resume`."""

from __future__ import annotations

from sync.models import AuditEntry
from tests import factories
from tests.integration.shell.conftest import Shell


def test_workers_are_shown_drained_and_resumed(shell: Shell) -> None:
    factories.worker()
    assert shell("workers") == 0
    assert "vm:7:a" in shell.out

    assert shell("drain", "--wait", "1", "--reason", "a deploy") == 0
    assert "nothing runs" in shell.out
    assert shell("workers") == 0
    assert "a deploy" in shell.out
    assert shell("workers", "--json") == 0
    assert shell.json["draining_since"]
    assert shell("resume") == 0

    acts = AuditEntry.objects.order_by("id").values_list("act", "reason")
    assert list(acts) == [("fleet.drain", "a deploy"), ("fleet.resume", None)]


def test_a_worker_nobody_knows_is_one_sentence(shell: Shell) -> None:
    assert shell("drain", "--worker", "nobody") == 2
    assert "bridge workers" in shell.err
