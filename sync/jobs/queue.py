"""The one door to the queue: wake-ups that join the caller's transaction, in web processes and in workers.

A worker's own connector commits on its own connection, so a plain `defer` there would survive a rollback
and could start the job before its rows are visible.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection
from procrastinate import jobs
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.manager import JobManager

from sync.jobs import kinds
from sync.models import Job
from sync.queries import query

RUN_JOB = "run_job"
_manager = JobManager(DjangoConnector())


def wake(job: Job, *, at: datetime | None = None) -> int:
    """Put a wake-up for this state of the job into the queue, due at once or `at` a moment; its number."""
    (number,) = wake_many([(job, at)])
    return number


def wake_many(wanted: Sequence[tuple[Job, datetime | None]]) -> list[int]:
    """Put several wake-ups into the queue at once; their numbers, in the same order."""
    if not wanted:
        return []
    put = _manager.batch_defer_jobs([_wakeup(job, at) for job, at in wanted])
    return [one.id for one in put if one.id is not None]


def withdraw(wakeup: int | None) -> None:
    """Take a wake-up out of the queue; one that a worker already holds finds that its job has moved on."""
    if wakeup is not None:
        _manager.cancel_job_by_id(wakeup, abort=False, delete_job=True)


def withdraw_many(wakeups: Sequence[int]) -> None:
    """Take several wake-ups out of the queue at once."""
    if wakeups:
        with connection.cursor() as cursor:
            cursor.execute(query("withdraw_wakeups"), {"wakeups": list(wakeups)})


def _wakeup(job: Job, at: datetime | None) -> jobs.Job:
    return jobs.Job(
        id=None,
        queue=kinds.queue_of(job.kind),
        lock=None,
        queueing_lock=None,
        task_name=RUN_JOB,
        task_kwargs={"job_id": str(job.id), "fence": job.fence},
        priority=job.priority,
        scheduled_at=at,
    )
