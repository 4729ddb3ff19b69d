"""Rows whose fate at the target nobody knows: they are looked up before anything else is done with them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from bridge.sandbox.exchange import Request, Response
from sync import schema
from sync.audit import Actor
from sync.errand import Errand, on
from sync.errors import StaleAttempt, TransientError
from sync.jobs.claim import LEASE
from sync.jobs.kinds import handler_of
from sync.jobs.take import take
from sync.models import Delivery, Job
from sync.targets import acts
from tests import sandboxed
from tests.integration.targets.conftest import Hub, push, push_all, run_again, sync
from tests.integration.targets.test_deletes import ask, delete
from tests.integration.targets.test_reconcile import reconcile
from tests.integration.targets.test_trouble import failing_push, one_by_one, states

__all__ = ["one_by_one"]
State = Delivery.State
BY = Actor(name="test", door="shell")
Answering = Callable[[Request, Response], Response]


@contextmanager
def answering(hub: Hub, change: Answering) -> Iterator[None]:
    """Let ScheduleHub's answers be changed on their way."""
    far_end: Any = hub.sandbox.systems["schedulehub"].far_end
    original = far_end.answer
    far_end.answer = lambda request, spoil: change(request, original(request, spoil))
    yield
    del far_end.answer


@contextmanager
def refusing(hub: Hub, response: Response) -> Iterator[None]:
    """Let ScheduleHub refuse every request to write item 1, and write nothing then."""
    far_end: Any = hub.sandbox.systems["schedulehub"].far_end
    original = far_end.answer
    far_end.answer = lambda request, spoil: (
        response if b'"item_number":1,' in request.body else original(request, spoil)
    )
    yield
    del far_end.answer


def of_batches(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Answering:
    """Change the results of batches."""

    def changed(request: Request, response: Response) -> Response:
        if not request.path.endswith("/batch"):
            return response
        results = change(json.loads(response.body)["results"])
        return Response(status=response.status, body=json.dumps({"results": results}).encode())

    return changed


def without_keys(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "erp_key_hash"} for row in results]


def ids_there(hub: Hub) -> dict[str, str]:
    return {json.loads(row["erp_key_hash"]): row["id"] for row in hub.rows("items")}


def ids_known() -> dict[str, str]:
    rows = Delivery.objects.filter(entity__path="apismith.items")
    return {row.key_hash.hex: str(row.remote_id) for row in rows}


def over(entity: str = "apismith.items") -> None:
    """Let every wait be over, and ask for the push."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {schema.leaf(entity)} SET deleted_at = deleted_at - interval '2 hours'"
            " WHERE deleted_at IS NOT NULL"
        )
    Delivery.objects.exclude(next_try_at=None).update(next_try_at=datetime.now(UTC))
    ask(entity)


def test_a_record_that_was_deleted_while_its_create_got_no_answer_leaves_the_target(hub: Hub) -> None:
    sync("apismith.items")
    hub.mood("lost", times=1)
    failing_push("far_end_unreachable")
    Job.objects.all().delete()
    delete("apismith.items", "data->>'item_id' = '1'", ago=timedelta(minutes=1))
    push()
    assert len(hub.rows("items")) == 77

    over()
    push()

    assert len(hub.rows("items")) == 76
    assert states() == {State.ACKED: 77}


def test_sending_again_by_hand_looks_before_it_sends(hub: Hub) -> None:
    sync("apismith.items")
    hub.mood("lost", times=1)
    failing_push("far_end_unreachable")
    Job.objects.all().delete()
    for row in Delivery.objects.all():
        acts.retry(row.pk, by=BY)

    push()

    assert hub.asked("POST") == ["POST /items/batch", "POST /items/lookup"]
    assert ids_known() == ids_there(hub)


def test_a_row_given_up_without_a_clear_answer_is_looked_up_when_it_changes(hub: Hub) -> None:
    sync("apismith.items")
    push()
    given_up = {"state": State.REFUSED, "remote_id": None, "acked_hash": None, "answer": {"status": 503}}
    Delivery.objects.update(**given_up)
    delete("apismith.items", "data->>'item_id' = '1'", ago=timedelta(hours=2))

    push()

    assert len(hub.rows("items")) == 76


def test_answers_in_another_order_reach_their_rows(hub: Hub) -> None:
    sync("apismith.items")

    with answering(hub, of_batches(lambda results: results[::-1])):
        push()

    assert ids_known() == ids_there(hub)


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda rows: rows[:-1],
        lambda rows: [*rows, rows[0]],
        lambda rows: without_keys(rows[:-1]),
        lambda rows: [*without_keys(rows), rows[0]],
        lambda rows: [{**row, "id": 1} for row in without_keys(rows)],
        lambda rows: [*rows[:1], *without_keys(rows[1:])][::-1],
    ],
    ids=["missing", "twice", "missing, no keys", "one more", "same id", "half the keys, moved"],
)
def test_answers_that_cannot_be_told_apart_lead_to_a_look(hub: Hub, spoilt: Any) -> None:
    sync("apismith.items")
    with answering(hub, of_batches(spoilt)):
        job = Job.objects.get(kind="push")
        try:
            run_again(job)
        except TransientError:
            Job.objects.filter(pk=job.pk).update(status=Job.Status.PENDING, fence=job.fence + 2)
            job.refresh_from_db()
            run_again(job)

    assert ids_known() == ids_there(hub)
    assert len(hub.rows("items")) == 77


def test_updates_answered_in_another_order_without_keys_keep_their_ids(hub: Hub) -> None:
    sync("apismith.items")
    push()
    for number in (1, 2):
        hub.change(f"items/{number}", '{"UNIT_PRICE": 19.90}')
    sync("apismith.items")

    with answering(hub, of_batches(lambda rows: without_keys(rows)[::-1])):
        job = failing_push("bad_envelope")
    run_again(job)

    assert ids_known() == ids_there(hub)
    assert states() == {State.ACKED: 77}


def test_a_row_that_was_made_without_saying_its_id_is_looked_up(hub: Hub) -> None:
    sync("apismith.items")

    with answering(hub, of_batches(lambda rows: [{"status": row["status"]} for row in rows])):
        push()

    assert ids_known() == ids_there(hub)


def test_a_delete_undone_while_the_push_looks_is_not_sent(hub: Hub) -> None:
    sync("apismith.items")
    push()
    before = {row["item_number"]: row["id"] for row in hub.rows("items")}
    delete("apismith.items", "data->>'item_id' IN ('1', '2')", ago=timedelta(hours=2))
    Delivery.objects.filter(entity__path="apismith.items").update(state="unknown", next_try_at=None)

    def undone(request: Request, response: Response) -> Response:
        if request.path.endswith("/lookup"):
            with _another_connection() as cursor:
                cursor.execute(
                    f"UPDATE bridge.{schema.leaf('apismith.items')} SET deleted_at = NULL WHERE data->>'item_id' = '1'"
                )
        return response

    with answering(hub, undone):
        push()

    assert len(hub.rows("items")) == 76
    assert {row["item_number"]: row["id"] for row in hub.rows("items")}["1"] == before["1"]
    assert states() == {State.ACKED: 77}


def test_a_row_that_always_breaks_the_target_does_not_hold_up_the_others(hub: Hub) -> None:
    _try_often(hub)


def test_nor_does_it_where_rows_go_one_by_one(hub: Hub, one_by_one: None) -> None:
    _try_often(hub)


def _try_often(hub: Hub) -> None:
    sync("apismith.items")

    crash = Response(status=500, body=b'{"error": {"code": "CRASH", "message": "Stack trace."}}')
    with refusing(hub, crash):
        for _ in range(7):
            try:
                over()
                push_all()
            except TransientError:
                Job.objects.all().delete()
    bad = Delivery.objects.exclude(state=State.ACKED).get()
    assert (bad.state, states()[State.ACKED]) == (State.UNKNOWN, 76)
    assert "Stack trace" in str((bad.answer or {})["message"])

    over()
    push_all()

    assert ids_known() == ids_there(hub)


def test_a_batch_refused_for_one_row_is_refused_for_that_row_alone(hub: Hub) -> None:
    sync("apismith.items")
    refusal = Response(status=422, body=b'{"error": {"code": "BAD_ROW", "message": "No lamps."}}')

    with refusing(hub, refusal):
        counts = push()

    assert (counts["inserted"], counts["failed"]) == (76, 1)
    assert Delivery.objects.get(state=State.REFUSED).code == "BAD_ROW"


def test_rows_that_were_not_sent_use_up_no_tries(hub: Hub, one_by_one: None) -> None:
    sync("apismith.items")
    hub.mood("down", times=1)

    failing_push("far_end_unreachable")

    assert sorted(Delivery.objects.values_list("attempts", flat=True)) == [0] * 76 + [1]


def test_a_refusal_is_past_when_the_record_is_again_as_the_target_has_it(hub: Hub) -> None:
    sync("apismith.items")
    push()
    price = next(row["list_price"] for row in hub.rows("items") if row["item_number"] == "1")
    remote = next(row["id"] for row in hub.rows("items") if row["item_number"] == "1")
    sandboxed.change(hub.sandbox, f"schedulehub/items/{remote}", '{"locked": true}')
    hub.change("items/1", '{"UNIT_PRICE": 19.90}')
    sync("apismith.items")
    push()
    assert states()[State.REFUSED] == 1

    hub.change("items/1", f'{{"UNIT_PRICE": {price}}}')
    sync("apismith.items")
    push()

    assert states() == {State.ACKED: 77}


@pytest.mark.parametrize("marks", ['{"erp_data_hash": "no hash"}', '{"erp_data_hash": null}'])
def test_marks_that_people_spoilt_at_the_target_are_mended(hub: Hub, marks: str) -> None:
    sync("apismith.items")
    push()
    sandboxed.change(hub.sandbox, f"schedulehub/items/{hub.rows('items')[0]['id']}", marks)

    assert reconcile()["changed"] == 1
    push()

    assert reconcile()["ranges_differing"] == 0


def test_children_follow_a_parent_that_was_made_anew(hub: Hub) -> None:
    for entity in ("customers", "orders"):
        sync(f"apismith.{entity}")
    push_all()
    first = hub.rows("customers")[0]
    orders = sum(row["customer_id"] == first["id"] for row in hub.rows("orders"))
    sandboxed.delete(hub.sandbox, f"schedulehub/customers/{first['id']}")
    hub.change(f"customers/{json.loads(first['code'])}", '{"COMPANY_NAME": "New"}')
    sync("apismith.customers")

    push_all()

    (made,) = [row for row in hub.rows("customers") if row["code"] == first["code"]]
    assert made["id"] != first["id"]
    assert orders > 0
    assert sum(row["customer_id"] == made["id"] for row in hub.rows("orders")) == orders


def test_what_a_push_touches_while_sides_are_compared_is_left_to_it(hub: Hub) -> None:
    sync("apismith.items")
    push()
    gone = hub.rows("items")[0]
    sandboxed.delete(hub.sandbox, f"schedulehub/items/{gone['id']}")

    def acked_meanwhile(request: Request, response: Response) -> Response:
        if request.path.endswith("/held"):
            with _another_connection() as cursor:
                cursor.execute(
                    "UPDATE bridge.delivery SET changed_at = clock_timestamp(), remote_id = '999' WHERE key_hash = %s",
                    (json.loads(gone["erp_key_hash"]),),
                )
        return response

    with answering(hub, acked_meanwhile):
        reconcile()

    row = Delivery.objects.get(remote_id="999")
    assert (row.state, row.acked_hash is not None) == ("acked", True)


@contextmanager
def _another_connection() -> Iterator[Any]:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            yield cursor
    finally:
        other.close()


def test_a_push_that_was_frozen_until_its_lease_was_over_sends_nothing(hub: Hub) -> None:
    sync("apismith.items")
    job = Job.objects.get(kind="push", status=Job.Status.PENDING, entity__path="apismith.items")
    claim = take(job.pk, job.fence, "test")
    assert claim is not None
    claim.live.renewed -= 2 * LEASE.total_seconds()

    with pytest.raises(StaleAttempt):
        handler_of(job.kind)(claim)

    assert hub.rows("items") == []


def test_a_push_that_is_frozen_right_before_its_request_leaves_sends_nothing(hub: Hub) -> None:
    sync("apismith.items")
    job = Job.objects.get(kind="push", status=Job.Status.PENDING, entity__path="apismith.items")
    claim = take(job.pk, job.fence, "test")
    assert claim is not None

    def frozen() -> None:
        assert claim is not None
        claim.live.renewed -= 2 * LEASE.total_seconds()
        claim.check_lease()

    with on(Errand(check=frozen)), pytest.raises(StaleAttempt):
        handler_of(job.kind)(claim)

    assert hub.rows("items") == []
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}, (
        "its outcome is left to who goes on"
    )
