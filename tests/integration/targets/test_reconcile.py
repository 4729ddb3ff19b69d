"""Comparing finds what differs, and repairs nothing else; a dry run only tells."""

from __future__ import annotations

from datetime import timedelta

from sync.audit import Actor
from sync.models import Delivery
from sync.registry import registry
from sync.targets.acts import start_reconcile
from sync.targets.asking import push_of, start_push
from sync.targets.preview import preview
from tests import sandboxed
from tests.integration.targets.conftest import Hub, push, run_again, sync
from tests.integration.targets.test_deletes import delete

BY = Actor(name="test", door="shell")


def reconcile(*, dry_run: bool = False) -> dict[str, int]:
    job = start_reconcile(registry.find("apismith.items"), "schedulehub", dry_run=dry_run, by=BY).job
    return dict(run_again(job).result or {})


def test_equal_sides_need_no_row_read(hub: Hub) -> None:
    sync("apismith.items")
    push()

    found = reconcile()

    assert (found["rows"], found["ranges_differing"]) == (77, 0)
    assert hub.asked("GET") == ["GET /items/ranges"]


def test_what_is_missing_or_otherwise_there_is_repaired(hub: Hub) -> None:
    sync("apismith.items")
    push()
    before = hub.rows("items")
    sandboxed.delete(hub.sandbox, f"schedulehub/items/{before[0]['id']}")
    sandboxed.change(hub.sandbox, f"schedulehub/items/{before[1]['id']}", '{"erp_data_hash": "00"}')

    found = reconcile()
    push()

    assert (found["missing"], found["changed"], found["extra"]) == (1, 1, 0)
    assert [row["erp_data_hash"] for row in hub.rows("items") if row["id"] == before[1]["id"]] == [
        before[1]["erp_data_hash"]
    ]
    assert len(hub.rows("items")) == 77
    assert reconcile()["ranges_differing"] == 0


def test_a_dry_run_of_it_repairs_nothing(hub: Hub) -> None:
    sync("apismith.items")
    push()
    sandboxed.delete(hub.sandbox, f"schedulehub/items/{hub.rows('items')[0]['id']}")

    assert reconcile(dry_run=True)["missing"] == 1
    assert push() == {}
    assert not Delivery.objects.exclude(state="acked").exists()


def test_a_dry_run_tells_what_a_push_would_do(hub: Hub) -> None:
    sync("apismith.items")
    push()
    hub.change("items/1", '{"UNIT_PRICE": 19.90}')
    sync("apismith.items")
    delete("apismith.items", "data->>'item_id' = '2'", ago=timedelta(hours=2))
    items = registry.find("apismith.items")

    told = preview(items, push_of(items, "schedulehub"))

    assert (told.create, told.update, told.delete) == (0, 1, 1)
    job = start_push(items, "schedulehub", dry_run=True, by=BY).job
    assert {**(run_again(job).result or {})} == told.as_json()
    assert len(hub.rows("items")) == 77
