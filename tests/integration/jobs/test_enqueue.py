"""Asking for work: with the caller's transaction or not at all, and once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from sync.errors import InvalidRequest
from sync.jobs.enqueue import enqueue
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
