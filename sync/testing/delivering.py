"""Runs jobs in the test's own process, as a worker would, whether they are due or not."""

from __future__ import annotations

from django.utils import timezone

from sync.audit import Actor
from sync.jobs import verbs
from sync.jobs.run import run_job
from sync.models import Job
from sync.testing.far_end import complain

BY = Actor(name="test", door="shell")
MOST = 1_000
"""Jobs that one call runs: work that asks for itself again would go on for ever."""


def deliver(job: Job) -> str:
    """One attempt: success, retry, parked, failed, or stale where the job waits for something else.

    A job that is parked or dead is retried first, as a person would. Raises NotRecorded.
    """
    job.refresh_from_db()
    if job.status == Job.Status.FAILED or job.hold == "configuration":
        verbs.retry(job.pk, by=BY)
        job.refresh_from_db()
    outcome = run_job(job.pk, job.fence)
    job.refresh_from_db()
    complain()
    return outcome


def run_jobs() -> int:
    """Run what waits for a worker and is due, and what that asks for, until nothing is left; how many attempts.

    A sync's deletes and the rows that wait for parents are such jobs. Raises NotRecorded, and AssertionError where
    there is no end.
    """
    for attempts in range(MOST):
        due = Job.objects.filter(status=Job.Status.PENDING, hold=None, run_after__lte=timezone.now())
        job = due.order_by("id").first()
        if job is None:
            return attempts
        deliver(job)
    raise AssertionError(f"After {MOST} attempts there are still jobs to run.")
