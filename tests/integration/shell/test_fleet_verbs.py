"""`bridge workers`, `bridge drain` and `bridge resume`."""

from __future__ import annotations

from datetime import timedelta

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


def test_one_that_is_resumed_while_all_are_drained_takes_nothing_yet(shell: Shell) -> None:
    factories.worker()
    shell("drain", "--wait", "0")

    assert shell("resume", "--worker", "vm:7:a") == 1

    assert "all workers are: `bridge resume`" in shell.err
    assert "take jobs again" not in shell.out


def test_who_asks_for_work_is_told_that_workers_are_drained(shell: Shell) -> None:
    factories.worker()
    shell("drain", "--wait", "0")

    assert shell("sync", "shop.gadgets") == 0

    assert "All workers are drained, so it waits: `bridge resume`" in shell.err


def test_kinds_that_nobody_takes_are_named(shell: Shell) -> None:
    factories.worker()
    factories.job(kind="command", run_after=factories.now() - timedelta(minutes=2))

    assert shell("workers") == 0
    assert "Nobody takes what waits of these kinds: command." in shell.out
    assert shell("status") == 0
    assert "No worker takes what waits: command" in shell.out
    assert shell("status", "--json") == 0
    assert shell.json["neglected"] == ["command"]
