"""What a worker takes: wake-up and job at once, and only what may start."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from sync.ids import uuid7
from sync.jobs import served
from sync.jobs.claim import LEASE, Claim
from sync.jobs.fetching import claim_from, take_next
from sync.jobs.going_on import go_on
from sync.jobs.kinds import SYNC
from sync.jobs.lease import leases
from sync.jobs.limit_acts import change
from sync.models import Attempt, Job, Tracker
from sync.queries import query
from tests.integration.jobs.conftest import GADGETS, OPERATOR, Register, ask, done, together, wakeups


def test_a_job_is_claimed_and_its_wakeup_gone(handle: Register) -> None:
    job = ask(params={"since": "then"})

    (row,) = take_next(SYNC, None)

    claim = claim_from(row)
    job.refresh_from_db()
    assert (claim.job_id, claim.fence, claim.params) == (job.pk, job.fence, {"since": "then"})
    assert claim.entity is not None
    assert claim.entity.path == GADGETS
    assert (job.status, job.worker, wakeups(job)) == ("processing", claim.worker, [])
    assert job.lease_until is not None
    assert Attempt.objects.get(job=job).fence == claim.fence
    claim.finish({"rows": 1})
    job.refresh_from_db()
    assert (job.status, job.result, job.wakeup) == ("success", {"rows": 1}, None)
    assert Attempt.objects.get(job=job).outcome == "success"


def test_the_best_is_taken_first_and_what_is_not_due_stays(handle: Register) -> None:
    later = ask(run_after=timezone.now() + timedelta(hours=1))
    plain, urgent = ask(), ask(priority=30)

    taken = [claim_from(take_next(SYNC, None)[0]).job_id for _ in range(2)]

    assert taken == [urgent.pk, plain.pk]
    assert take_next(SYNC, None) == []
    assert len(wakeups(later)) == 1


def test_what_has_become_due_goes_by_its_priority(handle: Register) -> None:
    late, plain = ask(run_after=timezone.now() + timedelta(hours=1), priority=10), ask()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE scheduled_at IS NOT NULL")

    go_on(SYNC, None)

    started = list(Job.objects.order_by("started_at").values_list("pk", "status"))
    assert started == [(late.pk, "success"), (plain.pk, "success")]


def test_many_threads_take_each_job_once(handle: Register) -> None:
    ran: list[Any] = []

    def work(claim: Claim) -> None:
        ran.append(claim.job_id)
        claim.finish({})

    handle(work)
    jobs = {ask().pk for _ in range(40)}

    together(4, lambda _: go_on(SYNC, None))

    assert sorted(ran) == sorted(jobs)
    assert set(Job.objects.values_list("status", flat=True)) == {"success"}


def test_a_paused_queue_gives_nothing(handle: Register) -> None:
    ask()
    change("queue:sync", by=OPERATOR, paused=True)

    assert take_next(SYNC, None) == []
    change("queue:sync", by=OPERATOR, paused=False)
    assert len(take_next(SYNC, None)) == 1


def test_a_worker_of_some_kinds_looks_past_the_others(
    handle: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle(done, "other")
    others, ours = [ask(priority=30) for _ in range(3)], ask("other")
    monkeypatch.setattr(served, "_only", ("other", "unheard_of"))

    taken = take_next(SYNC, None, 2)

    assert [row["job_id"] for row in taken] == [ours.pk]
    assert [len(wakeups(job)) for job in others] == [1, 1, 1]
    Job.objects.filter(pk=others[0].pk).delete()
    (gone,) = take_next(SYNC, None)  # whose kind nobody knows any more: anyone may clear it away
    assert (gone["args"]["job_id"], gone["no"]) == (str(others[0].pk), None)


def test_code_of_before_takes_jobs_by_the_same_function(handle: Register) -> None:
    job = ask()
    before = query("take_next").replace(", %(only)s", "")
    values: dict[str, Any] = {"queue": SYNC, "taker": None, "worker": "old:1:a", "lease": LEASE}

    with connection.cursor() as cursor:
        cursor.execute(before, values | {"kinds": ["work"], "attempts": [str(uuid7())]})
        (row,) = cursor.fetchall()

    assert row[3] == job.pk


def test_a_job_of_a_paused_entity_is_put_off_the_ordinary_way(handle: Register) -> None:
    job = ask("sync")
    Tracker.objects.filter(entity__path=GADGETS).update(state="paused")

    go_on(SYNC, None)

    job.refresh_from_db()
    assert (job.status, job.hold, wakeups(job)) == ("pending", "paused", [])


def test_a_delivery_whose_job_moved_on_is_thrown_away(handle: Register) -> None:
    job = ask()
    Job.objects.filter(pk=job.pk).update(fence=5)

    go_on(SYNC, None)

    job.refresh_from_db()
    assert (job.status, wakeups(job)) == ("pending", [])


def test_a_job_that_somebody_holds_is_waited_for_outside_the_queue(handle: Register) -> None:
    job = ask()
    with transaction.atomic():
        Job.objects.select_for_update().get(pk=job.pk)
        found: list[Any] = []
        together(1, lambda _: found.extend(take_next(SYNC, None)))

    assert [row["no"] for row in found] == [None]
    assert [one["status"] for one in wakeups(job)] == ["doing"]


@pytest.mark.usefixtures("handle")
def test_a_worker_that_stops_takes_no_more() -> None:
    job = ask()
    leases.drain()
    try:
        go_on(SYNC, None)
    finally:
        leases._closed = leases._draining = False

    assert len(wakeups(job)) == 1
