"""`bridge push` and `bridge reconcile`."""

from __future__ import annotations

from sync.models import Job
from tests.integration.shell.conftest import Shell


def test_it_asks_for_the_push_of_an_entity(shell: Shell) -> None:
    assert shell("push", "schedulehub", "apismith.items") == 0

    assert Job.objects.get().params == {"target": "schedulehub"}
    assert "Asked for apismith.items" in shell.out


def test_it_asks_for_all_that_go_there(shell: Shell) -> None:
    shell("push", "schedulehub", "--json")

    assert set(shell.json) == {f"apismith.{name}" for name in ("customers", "items", "orders", "order_lines")}


def test_a_dry_run_tells_and_asks_for_nothing(shell: Shell) -> None:
    assert shell("push", "schedulehub", "--dry-run", "--json") == 0

    assert shell.json["apismith.items"]["create"] == 0
    assert not Job.objects.exists()


def test_a_target_that_gets_nothing_is_named(shell: Shell) -> None:
    assert shell("push", "nowhere") == 2
    assert "Targets are: schedulehub" in shell.err


def test_it_compares(shell: Shell) -> None:
    assert shell("reconcile", "schedulehub", "apismith.items", "--dry-run") == 0

    assert Job.objects.get().params == {"target": "schedulehub", "dry_run": True}
