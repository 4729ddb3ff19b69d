"""The one door to the queue: wake-ups that join the caller's transaction, in web processes and in workers.

A worker's own connector commits on its own connection, so a plain `defer` there would survive a rollback
and could start the job before its rows are visible.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task

RUN_JOB = "run_job"
_manager = JobManager(DjangoConnector())


def deliver(job_id: UUID, fence: int, *, queue: str, priority: int, at: datetime | None = None) -> int:
    """Put a wake-up for this state of the job into the queue, due at once or `at` a moment; its number."""
    deferrer = configure_task(
        name=RUN_JOB, job_manager=_manager, queue=queue, priority=priority, schedule_at=at
    )
    return deferrer.defer(job_id=str(job_id), fence=fence)


def withdraw(wakeup: int | None) -> None:
    """Take a wake-up out of the queue; one that a worker already holds finds that its job has moved on."""
    if wakeup is not None:
        _manager.cancel_job_by_id(wakeup, abort=False, delete_job=True)
