"""Work of dead workers goes on; what keeps killing them does not."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from sync.errors import StaleAttempt
from sync.jobs import reaper
from sync.jobs.claim import Claim
from sync.jobs.take import take
from sync.models import Attempt, Job
from tests import factories
from tests.integration.jobs.conftest import Register, ask, done, run, wakeups


def dies(job: Job) -> Claim:
    """A worker claims the job and is heard of no more."""
    job.refresh_from_db()
    claim = take(job.pk, job.fence, "dead:1")
    assert claim is not None
    forget(job)
    return claim


def forget(job: Job) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE job SET lease_until = clock_timestamp() - interval '1 s' WHERE id = %s", (job.pk,)
        )


def test_a_lost_job_is_delivered_again_and_burns_no_try(handle: Register) -> None:
    handle(done)
    job = ask()
    dies(job)

    assert reaper.recover() == 1
    job.refresh_from_db()
    assert (job.status, job.attempts, job.deaths, job.fence) == ("pending", 0, 1, 2)
    assert wakeups(job)[-1]["fence"] == 2
    assert run(job) == "success"
    assert list(Attempt.objects.values_list("no", "outcome")) == [(1, "lost"), (2, "success")]


def test_a_zombie_can_neither_hold_nor_finish(handle: Register) -> None:
    handle(done)
    zombie = dies(ask())
    reaper.recover()

    with pytest.raises(StaleAttempt):
        zombie.hold()
    with pytest.raises(StaleAttempt):
        zombie.finish({})


def test_a_job_whose_lease_holds_is_left_alone(handle: Register) -> None:
    handle(done)
    job = ask()
    take(job.pk, 0, "alive:1")

    assert reaper.recover() == 0


def test_three_deaths_without_progress_fail_it(handle: Register) -> None:
    job = ask()
    for _ in range(3):
        dies(job)
        reaper.recover()

    job.refresh_from_db()
    assert (job.status, job.deaths, job.error_code) == ("failed", 3, "worker_died")
    assert "memory" in (job.error or "")
    assert job.wakeup is None


def test_a_death_after_a_committed_batch_does_not_count(handle: Register) -> None:
    job = ask()
    for seq in range(1, 5):
        dies(job)
        factories.batch(job, seq=seq)
        reaper.recover()

    job.refresh_from_db()
    assert (job.status, job.deaths) == ("pending", 0)


def test_a_death_after_a_committed_step_of_another_kind_begins_the_count_anew(handle: Register) -> None:
    job = ask()
    for _ in range(4):
        claim = dies(job)
        with transaction.atomic():
            claim.hold()
            claim.outlive()
        reaper.recover()

    job.refresh_from_db()
    assert (job.status, job.deaths) == ("pending", 1)


def test_a_batch_of_an_earlier_attempt_is_no_progress(handle: Register) -> None:
    job = ask()
    factories.batch(job)
    dies(job)

    reaper.recover()

    job.refresh_from_db()
    assert job.deaths == 1


def test_a_lost_wakeup_is_sent_again(handle: Register) -> None:
    handle(done)
    job = ask()
    _sql("DELETE FROM procrastinate_jobs")
    _sql("UPDATE job SET run_after = now() - interval '10 s'")

    reaper.sweep()

    assert len(wakeups(job)) == 1
    assert run(job) == "success"


def test_a_job_with_its_wakeup_in_the_queue_is_left_alone(handle: Register) -> None:
    job = ask()
    _sql("UPDATE job SET run_after = now() - interval '1 hour'")

    assert reaper.sweep() == 0
    assert len(wakeups(job)) == 1


def test_a_wakeup_that_died_with_its_worker_is_replaced(handle: Register) -> None:
    handle(done)
    job = ask()
    _sql("UPDATE procrastinate_jobs SET status = 'doing'")

    reaper.recover()

    (wakeup,) = wakeups(job)
    assert wakeup["status"] == "todo"
    assert run(job) == "success"


def test_a_wakeup_of_a_living_worker_is_left_alone(handle: Register) -> None:
    job = ask()
    _sql("INSERT INTO procrastinate_workers DEFAULT VALUES")
    _sql("UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT id FROM procrastinate_workers)")

    reaper.recover()

    (wakeup,) = wakeups(job)
    assert wakeup["status"] == "doing"


def test_what_a_stopping_worker_abandons_is_no_death(handle: Register) -> None:
    handle(done)
    job = ask()
    claim = take(job.pk, 0, "stopping:1")
    assert claim is not None

    assert reaper.abandon([claim]) == 1
    job.refresh_from_db()
    assert (job.status, job.deaths, job.attempts) == ("pending", 0, 0)
    with pytest.raises(StaleAttempt):
        claim.hold()
    assert run(job) == "success"


def _sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
