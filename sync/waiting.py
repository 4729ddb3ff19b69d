"""Waiting for a job to end, without a queue's help: its row says so."""

from __future__ import annotations

import time
import uuid

from sync.models import Job

ENDED = frozenset({Job.Status.SUCCESS, Job.Status.FAILED, Job.Status.CANCELLED})
FIRST_LOOK = 0.02  # seconds: a refresh takes a few times this
LONGEST_REST = 0.25


def wait_for(job_id: uuid.UUID, seconds: float) -> Job | None:
    """The job as soon as it has ended; None where it is still under way after so many seconds, or gone."""
    until = time.monotonic() + seconds
    rest = FIRST_LOOK
    while True:
        job = Job.objects.filter(pk=job_id).first()
        if job is None or job.status in ENDED:
            return job
        left = until - time.monotonic()
        if left <= 0:
            return None
        time.sleep(min(rest, left))
        rest = min(rest * 1.5, LONGEST_REST)
