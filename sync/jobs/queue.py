"""The one door to the queue: wake-ups that join the caller's transaction, in web processes and in workers.

A worker's own connector commits on its own connection, so a plain `defer` there would survive a rollback
and could start the job before its rows are visible.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from procrastinate import jobs
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.manager import JobManager

from sync.jobs import kinds
from sync.jobs.prepared import ask
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


def put(jobs: Sequence[Job], waking: Mapping[UUID, datetime | None]) -> dict[UUID, int | None]:
    """Write these jobs, in this order; which are written, and their wake-ups.

    Those in `waking` get one, due at once or at a moment. Left out is a job whose unfinished twin (`dedup`) was faster.
    """
    asked = [_row(no, job, waking) for no, job in enumerate(jobs)]
    return dict(ask("put_jobs", jobs=json.dumps(asked)))


def withdraw(wakeup: int | None) -> None:
    """Take a wake-up out of the queue; one that a worker already holds finds that its job has moved on."""
    if wakeup is not None:
        _manager.cancel_job_by_id(wakeup, abort=False, delete_job=True)


def withdraw_many(wakeups: Sequence[int]) -> None:
    """Take several wake-ups out of the queue at once."""
    if wakeups:
        with connection.cursor() as cursor:
            cursor.execute(query("withdraw_wakeups"), {"wakeups": list(wakeups)})


def _row(no: int, job: Job, waking: Mapping[UUID, datetime | None]) -> dict[str, Any]:
    at = waking.get(job.id)
    return {
        "no": no,
        "id": str(job.id),
        "kind": job.kind,
        "entity_id": job.entity_id,
        "hold": job.hold,
        "priority": job.priority,
        "scopes": job.scopes,
        "lanes": job.lanes,
        "dedup": job.dedup,
        "run_after": job.run_after.isoformat(),
        "params": job.params,
        "requested_by": job.requested_by,
        "request_id": job.request_id,
        "parent_id": job.parent_id and str(job.parent_id),
        "created_at": job.created_at.isoformat(),
        "task": RUN_JOB,
        "queue": kinds.queue_of(job.kind),
        "wakes": job.id in waking,
        "wakes_at": at and at.isoformat(),
    }


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
