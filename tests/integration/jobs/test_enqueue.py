"""Asking for work: with the caller's transaction or not at all, and once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DataError, connection, transaction

from sync.errors import InvalidRequest
from sync.ids import uuid7
from sync.jobs import queue
from sync.jobs.ask import Ask
from sync.jobs.enqueue import enqueue, enqueue_many
from sync.models import Job
from tests.integration.jobs.conftest import Register, ask, done, entity, run, together, wakeups


def test_a_job_comes_with_one_wakeup_that_carries_its_fence(handle: Register) -> None:
    handle(done)

    job = ask(priority=30)

    (wakeup,) = wakeups(job)
    assert (wakeup["id"], wakeup["fence"], wakeup["priority"], wakeup["queue"]) == (job.wakeup, 0, 30, "sync")


def test_a_rolled_back_request_leaves_nothing(handle: Register) -> None:
    handle(done)
    with transaction.atomic():
        job = ask()
        transaction.set_rollback(True)

    assert not Job.objects.exists()
    assert wakeups(job) == []


def test_a_job_is_written_as_it_was_asked_for(handle: Register) -> None:
    handle(done)
    params = {
        "words": "ä\u2028\U0001f600",
        "number": 12345678901234567890,
        "share": 0.1,
        "none": None,
        "list": [[]],
    }

    job = ask(
        params=params,
        priority=-3,
        dedup="so 'quoted' {it, is}",
        request_id="r-1",
        parent_id=uuid7(),
        run_after=datetime(2099, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
        scopes=("one, two", 'three"'),
        lanes=("a\\b", "{}"),
    )

    written = Job.objects.get()
    for field in Job._meta.concrete_fields:
        assert getattr(written, field.attname) == getattr(job, field.attname), field.name
    assert written.params == params
    assert not job._state.adding


def test_many_jobs_keep_their_order_and_each_its_wakeup(handle: Register) -> None:
    handle(done)
    asks = [
        Ask(kind="work", params={"no": no}, dedup=f"twin-{no % 1100}", requested_by="test")
        for no in range(1_500)
    ]

    jobs = [enqueued.job for enqueued in enqueue_many(asks) if enqueued.created]

    assert [job.params["no"] for job in jobs] == list(range(1_100))
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, args->>'job_id' FROM procrastinate_jobs ORDER BY id")
        assert cursor.fetchall() == [(job.wakeup, str(job.pk)) for job in jobs]
    assert list(Job.objects.order_by("id").values_list("wakeup", flat=True)) == [job.wakeup for job in jobs]


def test_a_twin_that_was_faster_leaves_no_wakeup_of_the_slower(handle: Register) -> None:
    handle(done)
    first, late, other = (
        Job(kind="work", dedup=dedup, requested_by="test") for dedup in ("it", "it", "other")
    )
    waking = {job.id: None for job in (first, late, other)}
    queue.put([first], waking)

    written = queue.put([late, other], waking)

    assert set(written) == {other.id}
    assert wakeups(late) == []
    assert [one["id"] for one in wakeups(other)] == [written[other.id]]
    assert len(wakeups(first)) == 1


def test_what_can_not_be_written_is_not_asked_for(handle: Register) -> None:
    handle(done)

    with pytest.raises(DataError):
        ask(params={"text": "\0"})

    assert not Job.objects.exists()
    ask()


def test_each_kind_waits_in_its_queue(handle: Register) -> None:
    queues = {kind: wakeups(ask(kind))[0]["queue"] for kind in ("wake", "refresh", "sync")}

    assert queues["wake"] == "system"
    assert queues["refresh"] == "interactive"
    assert queues["sync"] == "sync"


def test_twenty_at_once_share_one_job(handle: Register) -> None:
    handle(done)
    answers = []

    together(20, lambda _: answers.append(enqueue("work", dedup="the same", requested_by="test")))

    assert Job.objects.count() == 1
    assert [answer.created for answer in answers].count(True) == 1
    assert len({answer.job.pk for answer in answers}) == 1
    assert len(wakeups(Job.objects.get())) == 1


def test_a_finished_job_is_no_twin(handle: Register) -> None:
    handle(done)
    first = enqueue("work", dedup="the same", requested_by="test").job
    run(first)

    second = enqueue("work", dedup="the same", requested_by="test")

    assert second.created
    assert second.job.pk != first.pk


def test_a_twin_inside_a_transaction_leaves_it_usable(handle: Register) -> None:
    handle(done)
    enqueue("work", dedup="the same", requested_by="test")

    with transaction.atomic():
        assert not enqueue("work", dedup="the same", requested_by="test").created
        ask()

    assert Job.objects.count() == 2


def test_a_job_for_later_is_scheduled_and_takes_no_room_yet(handle: Register) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)

    waiting = ask("sync", run_after=later)
    now = ask("sync")

    assert wakeups(waiting)[0]["at"] == later
    assert (waiting.hold, now.hold) == ("backoff", None)


def test_an_unknown_kind_is_refused_with_the_known_ones(committed: None) -> None:
    with pytest.raises(InvalidRequest, match="refresh") as refused:
        enqueue("nonsense", entity=entity(), requested_by="test")

    assert refused.value.code == "unknown_kind"
