"""1,000 items: 998 valid, 50 new, 900 known, 48 changed, one of which the target refuses even after a look."""

from __future__ import annotations

import json

from sync.models import Batch, DeliveryCount
from tests import sandboxed
from tests.integration.targets.conftest import Hub, push, sync

FIRST = 10_000


def test_the_worked_example_counts_the_same_end_to_end(hub: Hub) -> None:
    _only(hub, 950 - 2)
    sync("apismith.items")
    push()
    _generate_changes(hub)
    counts = sync("apismith.items", full=True)
    at_target = push()

    batch = Batch.objects.latest("id")
    beside = DeliveryCount.objects.get(batch_id=batch.pk)
    assert counts["rows_fetched"] == 1000
    assert (counts["inserted"], counts["updated"], counts["skipped"], counts["failed"]) == (50, 48, 900, 2)
    assert (beside.inserted, beside.updated, beside.conflicts, beside.failed) == (50, 47, 1, 1)
    assert (at_target["inserted"], at_target["updated"], at_target["failed"]) == (50, 47, 1)
    failed = counts["failed"] + beside.failed
    assert (failed, f"{100 * (1000 - failed) / 1000:.2f} %") == (3, "99.70 %")
    assert len(hub.rows("items")) == 998


def _only(hub: Hub, rows: int) -> None:
    """The ERP has just these items."""
    table = hub.sandbox.systems["apismith"].far_end.store.table("items")
    for row in list(table.rows()):
        table.delete(row.key)
    for number in range(rows):
        _add(hub, FIRST + number)


def _add(hub: Hub, number: int, **columns: object) -> None:
    item = {"PRODUCT_ID": number, "PRODUCT_NAME": f"Item {number}", "UNIT_PRICE": 10, "DISCONTINUED": False}
    sandboxed.control(hub.sandbox, "POST", "apismith/items", {**item, **columns})


def _generate_changes(hub: Hub) -> None:
    for number in range(FIRST, FIRST + 48):
        hub.change(f"items/{number}", json.dumps({"UNIT_PRICE": 11}))
    for number in range(FIRST + 948, FIRST + 998):
        _add(hub, number)
    for number in (1, 2):
        _add(hub, number, PRODUCT_NAME=None)
    remote = next(row["id"] for row in hub.rows("items") if row["item_number"] == str(FIRST))
    sandboxed.change(hub.sandbox, f"schedulehub/items/{remote}", '{"locked": true}')
