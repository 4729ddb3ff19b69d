"""1,000 items: 998 valid, 50 new, 900 known, 48 changed, one of which the target refuses even after a look."""

from __future__ import annotations

from typing import Any

from sync.audit import Actor
from sync.models import Batch, Delivery
from sync.targets import acts
from sync.targets.counts import counts_of
from tests import sandboxed
from tests.integration.targets.conftest import Hub, push, run, sync


def test_the_worked_example_counts_the_same_end_to_end(hub: Hub) -> None:
    generate(hub, rows=948)
    sync("apismith.items")
    push()
    changed = generate(hub, rows=1000, changed=48, broken=2)["changed"]
    lock(hub, changed[0])

    counts = sync("apismith.items", full=True)
    at_target = push()

    beside = there()
    whole = beside["end_to_end"]
    assert (counts["rows_fetched"], counts["validated"]) == (1000, 998)
    assert (counts["inserted"], counts["updated"], counts["skipped"], counts["failed"]) == (50, 48, 900, 2)
    assert (beside["inserted"], beside["updated"], beside["conflicts"], beside["failed"]) == (50, 47, 1, 1)
    assert (at_target["inserted"], at_target["updated"], at_target["failed"]) == (50, 47, 1)
    assert (whole["inserted"], whole["updated"], whole["skipped"], whole["failed"]) == (50, 47, 900, 3)
    assert (whole["waiting"], whole["success_rate"]) == (0, 99.7)
    assert len(hub.rows("items")) == 998
    assert Delivery.objects.get(state="refused").code == "LOCKED"


def test_what_was_refused_and_got_there_in_the_end_has_not_failed(hub: Hub) -> None:
    generate(hub, rows=20)
    sync("apismith.items")
    push()
    (changed,) = generate(hub, rows=20, changed=1)["changed"]
    lock(hub, changed)
    sync("apismith.items")
    push()

    once = there()
    try_again()
    twice = there()
    lock(hub, changed, locked=False)
    try_again()

    assert (once["updated"], once["conflicts"], once["failed"]) == (0, 1, 1)
    assert twice == once
    assert (there()["updated"], there()["conflicts"], there()["failed"]) == (1, 1, 0)
    assert there()["end_to_end"]["success_rate"] == 100.0


def test_what_is_sent_again_to_mend_the_target_is_counted_once(hub: Hub) -> None:
    generate(hub, rows=5)
    sync("apismith.items")
    push()
    sandboxed.delete(hub.sandbox, "schedulehub/items/1")

    run("reconcile", "apismith.items", target="schedulehub")
    again = push()

    assert again["inserted"] == 1
    assert there()["inserted"] == 5


def there() -> dict[str, Any]:
    """The counts of the newest batch at the target."""
    return counts_of(Batch.objects.latest("id"))["schedulehub"]


def try_again() -> None:
    """Send again what was refused."""
    acts.retry(Delivery.objects.get(state="refused").pk, by=Actor("olga", "admin"))
    push()


def generate(hub: Hub, **wanted: int) -> dict[str, Any]:
    """Let the ERP have these items, made from a seed."""
    answer = sandboxed.control(hub.sandbox, "POST", "apismith/items/generated", {"seed": 1, **wanted})
    return dict(answer.json())


def lock(hub: Hub, item: str, *, locked: bool = True) -> None:
    """A planner edits it, or is done."""
    sandboxed.control(hub.sandbox, "PATCH", f"schedulehub/items?item_number={item}", {"locked": locked})
