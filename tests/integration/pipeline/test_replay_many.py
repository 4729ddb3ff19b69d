"""Replays of many: in chunks, resumed, previewed, and by themselves where that may help."""

from __future__ import annotations

import random
import string
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections, transaction

from sync import bulk, failures, members, records, retries
from sync.audit import Actor
from sync.errors import Conflict
from sync.jobs.claim import Interrupted
from sync.jobs.kinds import handler_of
from sync.jobs.settle import hand_back
from sync.jobs.take import take
from sync.members import Members
from sync.models import Batch, ErrorGroup, FailedRecord, Job, Record
from sync.preview import preview
from sync.registry import registry
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, run, run_again, run_waiting, sync

GADGETS = "shop.gadgets"
OPERATOR = Actor(name="olga", door="admin")
ALL = Members(entity=GADGETS)
State = FailedRecord.State


@pytest.fixture
def two_a_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members.chunk, "__defaults__", (2,))


def fail(far_end: FarEnd, number: int, **values: Any) -> None:
    far_end.set("gadgets", *(gadget(key, price="many", **values) for key in range(number)))
    sync(GADGETS)


def mend(*keys: int) -> None:
    for failed in FailedRecord.objects.filter(state=State.OPEN):
        if not keys or failures.input_of(failed)["id"] in {str(key) for key in keys}:  # type: ignore[index]
            failures.mend(failed.id, {"price": "5"}, by=OPERATOR)


def landed() -> int:
    return len(records.page(registry.find(GADGETS), filters={}, limit=100).items)


@pytest.mark.usefixtures("two_a_commit")
def test_it_commits_chunk_by_chunk(far_end: FarEnd) -> None:
    fail(far_end, 5)
    mend()

    (job,) = bulk.retry(ALL, by=OPERATOR)
    run_again(job)

    assert landed() == 5
    assert [
        batch.counts["rows_fetched"] for batch in Batch.objects.filter(job_id=job.pk).order_by("seq")
    ] == [2, 2, 1]


@pytest.mark.usefixtures("two_a_commit")
def test_what_fails_again_is_not_run_in_a_circle(far_end: FarEnd) -> None:
    fail(far_end, 5)
    mend(1, 3)

    job = run_again(bulk.retry(ALL, by=OPERATOR)[0])

    assert job.result
    assert (job.result["rows_fetched"], job.result["failed"], landed()) == (5, 3, 2)
    assert {failed.attempts for failed in FailedRecord.objects.all()} == {1}
    assert Batch.objects.filter(job_id=job.pk).exclude(first_error=None).exists()


@pytest.mark.usefixtures("two_a_commit")
def test_an_interrupted_one_goes_on_where_it_stood(far_end: FarEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    fail(far_end, 5)
    job = bulk.retry(ALL, by=OPERATOR)[0]
    job.refresh_from_db()
    claim = take(job.id, job.fence, "test")
    assert claim
    looks = iter([False, True])  # it looks before each chunk
    stopping = threading.Event()
    monkeypatch.setattr(stopping, "is_set", lambda: next(looks))
    claim.live.stopping = stopping
    with pytest.raises(Interrupted):
        handler_of(job.kind)(claim)
    assert FailedRecord.objects.filter(attempts=1).count() == 2
    hand_back(claim)

    run_again(job)

    assert {failed.attempts for failed in FailedRecord.objects.all()} == {1}


def test_what_a_person_mends_meanwhile_is_not_lost(far_end: FarEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    fail(far_end, 3)
    job = bulk.retry(ALL, by=OPERATOR)[0]
    job.refresh_from_db()
    claim = take(job.id, job.fence, "test")
    assert claim
    stopping = threading.Event()

    def mends() -> bool:  # it looks when the rows are ready, before they are written
        mend(1)
        return False

    monkeypatch.setattr(stopping, "is_set", mends)
    claim.live.stopping = stopping

    handler_of(job.kind)(claim)

    assert landed() == 1
    assert FailedRecord.objects.filter(state=State.OPEN, attempts=1).count() == 2


def test_many_are_made_ready_ahead(far_end: FarEnd) -> None:
    fail(far_end, 120)
    mend()

    job = run_again(bulk.retry(ALL, by=OPERATOR)[0])

    assert job.result
    assert (job.result["inserted"], landed()) == (120, 100)  # a page of the list
    assert not FailedRecord.objects.filter(state=State.OPEN).exists()


def test_rows_of_both_ways_are_replayed_by_one_job(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, price="many"), gadget(2, name="x" * 41))
    sync(GADGETS)
    for failed in FailedRecord.objects.all():
        failures.mend(failed.id, {failed.field or "": "5"}, by=OPERATOR)

    run_again(bulk.retry(ALL, by=OPERATOR)[0])

    assert landed() == 2


def test_asking_twice_makes_one_job(far_end: FarEnd) -> None:
    fail(far_end, 2)

    assert bulk.retry(ALL, by=OPERATOR) == bulk.retry(ALL, by=OPERATOR)


def test_a_preview_tells_and_writes_nothing(far_end: FarEnd) -> None:
    far_end.set("gadgets", *(gadget(key, price="many") for key in range(4)), gadget(9, price="many", maker=9))
    sync(GADGETS)
    mend(0, 1, 9)

    found = preview(ALL)

    assert (found.of, found.tried, found.lands, found.waits) == (5, 5, 2, 1)
    assert found.fails == {"unreadable_number": 2}
    assert found.examples[0]["field"] == "price"
    assert landed() == 0
    assert FailedRecord.objects.filter(state=State.OPEN, attempts=0).count() == 5
    assert Job.objects.filter(kind="wake").count() == 0


def test_a_preview_of_a_sample_says_of_how_many(far_end: FarEnd) -> None:
    fail(far_end, 5)

    found = preview(ALL, most=2)

    assert (found.of, found.tried) == (5, 2)


def refused(far_end: FarEnd) -> FailedRecord:
    long = "".join(random.Random(7).choices(string.ascii_letters + string.digits, k=9_000))
    far_end.set("gadgets", gadget(8, email=f"{long}@example.com"))
    sync(GADGETS)
    return FailedRecord.objects.get()


def test_what_may_heal_is_tried_three_times_and_then_by_hand(far_end: FarEnd) -> None:
    failed = refused(far_end)
    waits = []
    for _ in range(3):
        assert failed.next_try_at
        waits.append(round((failed.next_try_at - datetime.now(UTC)).total_seconds(), -1))
        assert retries.ask_due() == []
        (job,) = retries.ask_due(failed.next_try_at + timedelta(seconds=1))
        assert retries.ask_due(failed.next_try_at + timedelta(seconds=1)) == []
        run_again(job)
        failed.refresh_from_db()

    assert waits == [60, 120, 240]
    assert (failed.state, failed.attempts, failed.next_try_at) == (State.OPEN, 3, None)


def test_other_bytes_are_tried_anew(far_end: FarEnd) -> None:
    failed = refused(far_end)
    FailedRecord.objects.update(attempts=3, next_try_at=None)
    email = bytes(failed.raw).decode().replace("@example.com", "@example.org")
    far_end.set("gadgets", email.encode())

    sync(GADGETS, full=True)

    failed.refresh_from_db()
    assert failed.attempts == 0
    assert failed.next_try_at


def test_what_only_a_person_can_mend_is_not_tried(far_end: FarEnd) -> None:
    fail(far_end, 1)

    assert FailedRecord.objects.get().next_try_at is None


def test_a_dead_replay_is_not_asked_for_again(far_end: FarEnd) -> None:
    failed = refused(far_end)
    assert failed.next_try_at
    (job,) = retries.ask_due(failed.next_try_at + timedelta(seconds=1))
    Job.objects.filter(pk=job.pk).update(status=Job.Status.FAILED)

    assert retries.ask_due(failed.next_try_at + timedelta(seconds=1)) == []


def test_a_good_version_ends_the_tries(far_end: FarEnd) -> None:
    refused(far_end)
    far_end.set("gadgets", gadget(8, email="short@example.com"))

    sync(GADGETS, full=True)

    assert FailedRecord.objects.get().next_try_at is None
    assert ErrorGroup.objects.get().state == ErrorGroup.State.CLOSED
    assert run_waiting("replay") == []


def test_the_counters_add_up(far_end: FarEnd) -> None:
    far_end.set(
        "gadgets", gadget(1), gadget(2, price="many"), gadget(3, name="x" * 41), gadget(4, maker=9), gadget(5)
    )

    counts = sync(GADGETS)

    assert (counts["normalized"], counts["validated"], counts["mapped"]) == (4, 3, 3)
    assert counts["rows_fetched"] == 5
    assert counts["inserted"] + counts["skipped"] + counts["failed"] + counts["pending"] == 5


def test_what_failed_while_a_retry_waited_is_run_with_it(far_end: FarEnd) -> None:
    fail(far_end, 2)
    (job,) = bulk.retry(ALL, by=OPERATOR)
    far_end.set("gadgets", gadget(9, price="many"))
    run("refresh", GADGETS, key={"id": "9"})
    mend()

    run_again(job)

    assert landed() == 3


def test_a_retry_joins_none_that_runs(far_end: FarEnd) -> None:
    fail(far_end, 2)
    (running,) = bulk.retry(ALL, by=OPERATOR)
    assert take(running.pk, running.fence, "test")

    (second,) = bulk.retry(ALL, by=OPERATOR)
    (third,) = bulk.retry(ALL, by=OPERATOR)

    assert second.pk != running.pk
    assert third.pk == second.pk


def test_a_preview_that_a_job_is_in_the_way_of_says_so(
    far_end: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.preview._PATIENCE", "50ms")
    far_end.set("gadgets", gadget(0))
    sync(GADGETS)
    fail(far_end, 1, updated_at="2026-02-01T00:00:00Z")
    mend()
    locked, asked = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                list(Record.objects.select_for_update())
                locked.set()
                asked.wait(30)
        finally:
            connections.close_all()

    writer = threading.Thread(target=hold)
    writer.start()
    assert locked.wait(30)

    try:
        with pytest.raises(Conflict, match="ask again in some seconds"):
            preview(ALL)
    finally:
        asked.set()
        writer.join()
