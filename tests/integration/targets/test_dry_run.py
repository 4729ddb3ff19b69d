"""A dry run tells what targets would get of what it would write."""

from __future__ import annotations

from typing import Any

from sync.models import Delivery
from sync.pipeline.dryrun.run import try_sync
from sync.registry import registry
from tests.integration.targets.conftest import Hub, push_all, sync


def told(path: str) -> dict[str, int]:
    report: dict[str, Any] = try_sync(registry.find(path), {})
    counts: dict[str, int] = report["deliveries"]["schedulehub"]
    return counts


def test_new_rows_would_be_created_or_wait_for_their_parents_there(hub: Hub) -> None:
    assert told("apismith.items") == {"create": 77, "update": 0, "waiting": 0, "unchanged": 0}
    sync("apismith.customers")

    assert told("apismith.orders")["waiting"] == 830
    assert hub.asked("POST") == []
    assert not Delivery.objects.exists()


def test_only_what_changes_for_the_target_would_be_sent(hub: Hub) -> None:
    sync("apismith.items")
    push_all()
    hub.change("items/1", '{"UNIT_PRICE": 19.5}')
    hub.change("items/2", '{"QUANTITY_PER_UNIT": "a dozen"}')

    assert told("apismith.items") == {"create": 0, "update": 1, "waiting": 0, "unchanged": 1}
