"""1,000 items: 998 valid, 50 new, 900 known, 48 changed, one of which the target refuses even after a look."""

from __future__ import annotations

from typing import Any

from sync.models import Batch, Delivery
from sync.targets.counts import counts_of
from tests import sandboxed
from tests.integration.targets.conftest import Hub, push, sync


def test_the_worked_example_counts_the_same_end_to_end(hub: Hub) -> None:
    generate(hub, rows=948)
    sync("apismith.items")
    push()
    changed = generate(hub, rows=1000, changed=48, broken=2)["changed"]
    lock(hub, changed[0])

    counts = sync("apismith.items", full=True)
    at_target = push()

    there = counts_of(Batch.objects.latest("id"))["schedulehub"]
    whole = there["end_to_end"]
    assert (counts["rows_fetched"], counts["validated"]) == (1000, 998)
    assert (counts["inserted"], counts["updated"], counts["skipped"], counts["failed"]) == (50, 48, 900, 2)
    assert (there["inserted"], there["updated"], there["conflicts"], there["failed"]) == (50, 47, 1, 1)
    assert (at_target["inserted"], at_target["updated"], at_target["failed"]) == (50, 47, 1)
    assert (whole["inserted"], whole["updated"], whole["skipped"], whole["failed"]) == (50, 47, 900, 3)
    assert (whole["waiting"], whole["success_rate"]) == (0, 99.7)
    assert len(hub.rows("items")) == 998
    assert Delivery.objects.get(state="refused").code == "LOCKED"


def generate(hub: Hub, **wanted: int) -> dict[str, Any]:
    """Let the ERP have these items, made from a seed."""
    answer = sandboxed.control(hub.sandbox, "POST", "apismith/items/generated", {"seed": 1, **wanted})
    return dict(answer.json())


def lock(hub: Hub, item: str) -> None:
    """A planner edits it."""
    sandboxed.control(hub.sandbox, "PATCH", f"schedulehub/items?item_number={item}", {"locked": True})
