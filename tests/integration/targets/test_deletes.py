"""Deleted records leave the target after their undo window, children first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from sync import deletes, schema
from sync.audit import Actor
from sync.models import DeleteProposal, Delivery, Job
from sync.registry import registry
from sync.targets.asking import push_again, push_of
from tests import sandboxed
from tests.integration.targets.conftest import Hub, push, push_all, run_waiting, sync


def delete(entity: str, where: str, *, ago: timedelta) -> None:
    """Delete records of the mirror softly, with their change row, as a full read does."""
    number = schema.entity_id(entity)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {schema.leaf(entity)} SET deleted_at = %s, changed_at = clock_timestamp(),"
            f" revision = revision + 1 WHERE {where} RETURNING key_hash",
            (datetime.now(UTC) - ago,),
        )
        keys = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            "UPDATE tracker SET feed_seq = feed_seq + %s WHERE entity_id = %s RETURNING feed_seq",
            (len(keys), number),
        )
        row = cursor.fetchone()
        assert row
        cursor.execute(
            "INSERT INTO change (entity_id, last_seq, first_seq, op, keys, revisions, batch_id, at)"
            " VALUES (%s, %s, %s, 'd', %s, %s, 0, now())",
            (number, row[0], row[0] - len(keys) + 1, keys, [2] * len(keys)),
        )
    ask(entity)


def ask(entity: str) -> None:
    registered = registry.find(entity)
    with transaction.atomic():
        push_again(registered, push_of(registered, "schedulehub"), by="test")


def test_a_delete_waits_for_its_undo_window(hub: Hub) -> None:
    sync("apismith.items")
    push()
    delete("apismith.items", "data->>'item_id' = '1'", ago=timedelta(minutes=59))

    push()

    waiting = Delivery.objects.get(state="waiting")
    assert (waiting.op, waiting.code, len(hub.rows("items"))) == ("d", "undo_window", 77)
    Delivery.objects.filter(pk=waiting.pk).update(next_try_at=datetime.now(UTC))
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {schema.leaf('apismith.items')} SET deleted_at = deleted_at - interval '2 minutes'"
            " WHERE deleted_at IS NOT NULL"
        )
    ask("apismith.items")

    assert push()["deleted"] == 1
    assert len(hub.rows("items")) == 76
    waiting.refresh_from_db()
    assert (waiting.state, waiting.remote_id, waiting.acked_hash) == ("acked", None, None)


def test_a_record_that_came_back_in_time_stays(hub: Hub) -> None:
    sync("apismith.items")
    push()
    delete("apismith.items", "data->>'item_id' = '1'", ago=timedelta(minutes=1))
    push()
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {schema.leaf('apismith.items')} SET deleted_at = NULL")
    Delivery.objects.filter(state="waiting").update(next_try_at=datetime.now(UTC))
    ask("apismith.items")

    push()

    assert len(hub.rows("items")) == 77
    assert not Delivery.objects.exclude(state="acked").exists()


def test_children_are_deleted_before_their_parents(hub: Hub) -> None:
    for entity in ("customers", "items", "orders", "order_lines"):
        sync(f"apismith.{entity}")
    push_all()
    hours = timedelta(hours=2)
    delete("apismith.orders", "data->>'order_id' = '10248'", ago=hours)

    push("apismith.orders")
    assert Delivery.objects.get(op="d").code == "HAS_CHILDREN"

    delete("apismith.order_lines", "data->>'order_id' = '10248'", ago=hours)
    Delivery.objects.filter(op="d").update(next_try_at=datetime.now(UTC))
    assert push("apismith.order_lines")["deleted"] == 3
    ask("apismith.orders")
    assert push("apismith.orders")["deleted"] == 1

    assert len(hub.rows("orders")) == 829


def test_an_approved_proposal_asks_for_the_push_of_its_deletes(hub: Hub) -> None:
    sync("apismith.items")
    push()
    for number in range(1, 21):
        sandboxed.delete(hub.sandbox, f"apismith/items/{number}")
    sync("apismith.items", full=True)
    run_waiting("deletes")
    proposal = DeleteProposal.objects.get(state="proposed")

    deletes.approve(proposal.id, by=Actor(name="olga", door="admin"))
    run_waiting("deletes")

    assert Job.objects.filter(kind="push", status="pending").count() == 1
    assert push()["waiting"] == 20
    assert set(Delivery.objects.filter(state="waiting").values_list("code", flat=True)) == {"undo_window"}
