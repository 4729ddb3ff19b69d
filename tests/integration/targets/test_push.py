"""What changed goes to the target, once, with its parents' ids there."""

from __future__ import annotations

import pytest

from sync.models import Delivery, DeliveryCount, Job
from sync.targets import reading
from tests.integration.targets.conftest import Hub, delivery, push, push_all, run_waiting, sync


def test_a_batch_asks_for_the_push_of_what_it_changed(hub: Hub) -> None:
    sync("apismith.items")

    job = Job.objects.get(kind="push")

    assert (job.params, job.dedup) == ({"target": "schedulehub"}, "push:schedulehub:apismith.items")


def test_it_creates_every_record_in_one_request_with_our_key_and_exact_digits(hub: Hub) -> None:
    sync("apismith.items")

    counts = push()

    assert (counts["inserted"], counts["read"]) == (77, 77)
    assert hub.asked("POST") == ["POST /items/batch"]
    first = next(row for row in hub.rows("items") if row["item_number"] == "1")
    assert (first["list_price"], len(first["erp_key_hash"]), len(first["erp_data_hash"])) == ("18", 34, 66)
    assert delivery("apismith.items").remote_id is not None


def test_only_what_changed_for_the_target_is_pushed(hub: Hub) -> None:
    sync("apismith.items")
    push()
    hub.change("items/1", '{"UNIT_PRICE": 19.90}')
    hub.change("items/2", '{"REORDER_LEVEL": 99}')
    sync("apismith.items")

    counts = push()

    assert (counts["updated"], counts["skipped"], counts.get("inserted", 0)) == (1, 1, 0)
    assert [row["list_price"] for row in hub.rows("items") if row["item_number"] == "1"] == ["19.9"]


def test_children_wait_for_their_parents_and_get_the_ids_of_the_target(hub: Hub) -> None:
    for entity in ("customers", "items", "orders", "order_lines"):
        sync(f"apismith.{entity}")

    assert push("apismith.order_lines")["waiting"] == 2155
    assert push("apismith.orders")["waiting"] == 830
    assert push("apismith.customers")["inserted"] == 91
    assert push("apismith.items")["inserted"] == 77
    push_all()

    assert [len(hub.rows(name)) for name in ("customers", "items", "orders", "order_lines")] == [
        91,
        77,
        830,
        2155,
    ]
    customers = {row["id"]: row["code"] for row in hub.rows("customers")}
    order = next(row for row in hub.rows("orders") if row["number"] == "10248")
    assert customers[order["customer_id"]] == '"VINET"'


def test_lines_then_orders_then_customers_end_as_the_same_rows(hub: Hub) -> None:
    for entity in ("order_lines", "orders", "items", "customers"):
        sync(f"apismith.{entity}")
    while run_waiting("wake") or run_waiting("push"):
        continue

    orders = {row["id"]: row["number"] for row in hub.rows("orders")}
    lines = hub.rows("order_lines")
    assert len({(row["order_number"], row["item_number"]) for row in lines}) == len(lines) == 2155
    assert all(orders[row["order_id"]] == row["order_number"] for row in lines)
    assert len(orders) == 830


def test_the_next_chunk_is_planned_while_one_is_away(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ROWS_A_CHUNK", 1_200)
    for entity in ("customers", "items", "orders", "order_lines"):
        sync(f"apismith.{entity}")
    for entity in ("customers", "items", "orders"):
        push(f"apismith.{entity}")

    counts = push("apismith.order_lines")

    assert (counts["read"], counts["inserted"], counts["waiting"]) == (2155, 2155, 0)
    assert hub.asked("POST").count("POST /order_lines/batch") == 3
    assert len(hub.rows("order_lines")) == 2155
    assert not Delivery.objects.exclude(state="acked").exists()


def test_the_counts_stand_beside_the_batch(hub: Hub) -> None:
    sync("apismith.items")
    push()

    counts = DeliveryCount.objects.get(target="schedulehub")

    assert (counts.inserted, counts.updated, counts.failed) == (77, 0, 0)


def test_nothing_is_pushed_where_no_target_is_set_up(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCHEDULEHUB_URL")

    sync("apismith.items")

    assert not Job.objects.filter(kind="push").exists()
