"""What taking and ending a job reads: a few rows, however many others wait or run, however old the statistics are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from sync.jobs.ask import Ask
from sync.jobs.claim import LEASE, Claim
from sync.jobs.enqueue import enqueue_many
from sync.jobs.fetching import claim_from, take_next
from sync.jobs.kinds import INTERACTIVE, SYNC
from sync.jobs.reaper import sweep
from sync.models import Job
from sync.queries import query
from tests.integration.jobs.conftest import Register, ask

OTHERS = 400
A_FEW = 30
"""Entries of indexes that one job needs, a dead one here and there among them."""
READ = """
SELECT coalesce(sum(pg_stat_get_xact_tuples_returned(indexrelid)), 0) FROM pg_index
WHERE indrelid IN ('job'::regclass, 'attempt'::regclass, 'procrastinate_jobs'::regclass)
"""


@pytest.fixture(autouse=True)
def kept_plans(handle: Register) -> Iterator[None]:
    """Plans as a connection keeps them: for any values, by the statistics of the moment they were made."""
    _execute("SET plan_cache_mode = force_generic_plan")
    yield
    connection.close()


def test_taking_passes_by_the_better_wakeups_of_other_queues() -> None:
    _put_wakeups(SYNC)
    _execute("ANALYZE")  # all wait in the one queue, by these
    _claim()
    _put_wakeups(INTERACTIVE, priority=40)
    job = ask(priority=30)

    with transaction.atomic():
        before = _read()
        (row,) = take_next(SYNC, None)
        assert _read() - before < A_FEW
    assert row["job_id"] == job.pk


def test_what_is_due_is_looked_for_past_those_that_wait_for_no_moment() -> None:
    _put_wakeups(SYNC)
    _execute("ANALYZE")
    _execute("DELETE FROM procrastinate_jobs")
    _execute("VACUUM procrastinate_jobs")
    assert take_next(SYNC, None) == []  # while nothing waits any index will do
    _put_wakeups(SYNC)
    job = ask(priority=30)

    with transaction.atomic():
        before = _read()
        (row,) = take_next(SYNC, None)
        assert _read() - before < A_FEW
    assert row["job_id"] == job.pk


def test_a_job_is_taken_by_its_id_among_many_that_came_after_the_statistics() -> None:
    _statistics_of_an_idle_queue()
    _put(OTHERS)
    job = ask(priority=30)

    with transaction.atomic():
        before = _read()
        (row,) = take_next(SYNC, None)
        assert _read() - before < A_FEW
    assert row["job_id"] == job.pk


@pytest.mark.parametrize("act", ["hold_job", "renew_lease", "hold_jobs", "finish"])
def test_a_job_is_held_and_ended_by_its_id_among_many_that_run(act: str) -> None:
    _statistics_of_an_idle_queue()
    _put(OTHERS)
    Job.objects.filter(status="pending").update(status="processing", lease_until=Now())
    claim = _claim()

    with transaction.atomic():
        before = _read()
        _act(act, claim)
        assert _read() - before < A_FEW


def test_the_sweep_reads_only_what_is_due() -> None:
    _put(OTHERS, run_after=timezone.now() + timedelta(days=1))
    _execute("ANALYZE")

    with transaction.atomic():
        before = _read()
        assert sweep() == 0
        assert _read() - before < A_FEW


def test_the_sweep_asks_the_queue_once_for_all_that_are_due() -> None:
    given: dict[str, Any] = {"patience": timedelta(seconds=5), "silence": timedelta(seconds=20)}

    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + query("unheard_jobs"), given)
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "SubPlan" not in plan


def _statistics_of_an_idle_queue() -> None:
    """Many jobs have ended, none waits, none runs: an index of those looks as if it were read at no cost."""
    _put(OTHERS)
    _execute("DELETE FROM procrastinate_jobs")
    Job.objects.update(status="success", wakeup=None)
    _execute("VACUUM ANALYZE")
    connection.close()  # plans are made anew
    _execute("SET plan_cache_mode = force_generic_plan")
    with transaction.atomic():
        _claim(done=True)


def _claim(*, done: bool = False) -> Claim:
    ask(priority=30)
    (row,) = take_next(SYNC, None)
    claim = claim_from(row)
    if done:
        claim.finish({})
    return claim


def _act(name: str, claim: Claim) -> None:
    if name == "finish":
        claim.finish({})
        return
    given: dict[str, Any] = {"id": claim.job_id, "ids": [claim.job_id], "fence": claim.fence, "lease": LEASE}
    with connection.cursor() as cursor:
        cursor.execute(query(name), given)
        assert cursor.rowcount == 1


def _put(number: int, **options: Any) -> None:
    enqueue_many(
        [Ask(kind="work", params={"no": no}, requested_by="test", **options) for no in range(number)]
    )


def _put_wakeups(queue: str, priority: int = 0) -> None:
    """So many that the sizes of indexes differ; of no job."""
    statement = (
        "INSERT INTO procrastinate_jobs (queue_name, task_name, priority, args)"
        " SELECT %s, 'run_job', %s, '{}' FROM generate_series(1, 1500)"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [queue, priority])


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _read() -> int:
    """Entries of the queue's indexes that this transaction has read."""
    with connection.cursor() as cursor:
        cursor.execute(READ)
        return int(cursor.fetchone()[0])
