"""Recovery: work whose worker died, froze or was cut off goes on elsewhere; lost wake-ups are sent again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from sync import grouping, metrics
from sync.jobs import handing, queue
from sync.jobs.claim import Claim
from sync.jobs.enqueue import BACKOFF
from sync.jobs.events import note
from sync.jobs.settle import redeliver
from sync.models import Attempt, Batch, Job
from sync.queries import query

log = structlog.get_logger(__name__)

MOST_DEATHS = 3
SILENCE = timedelta(seconds=20)
"""A worker that said nothing for so long is taken for dead."""
PATIENCE = timedelta(seconds=5)
AT_ONCE = 1_000


def recover() -> int:
    """Let the work of dead workers go on: leases that ran out, wake-ups that died with their worker."""
    expired = Job.objects.filter(status=Job.Status.PROCESSING, lease_until__lt=Now()).order_by("lease_until")
    found = [_recover(job_id) for job_id in expired.values_list("pk", flat=True)[:AT_ONCE]]
    return sum(found) + _bury_wakeups()


def sweep() -> int:
    """Send lost wake-ups again, and hand over what waits although there is room."""
    limits: dict[str, Any] = {"patience": PATIENCE, "silence": SILENCE}
    with connection.cursor() as cursor:
        cursor.execute(query("unheard_jobs"), limits)
        unheard = [row[0] for row in cursor.fetchall()]
    return sum(_wake(job_id, "redelivered") for job_id in unheard) + handing.hand_over_all()


def abandon(claims: Iterable[Claim]) -> int:
    """Give back attempts that did not stop in time: the worker ends now, and this is no death of the job."""
    return sum(_abandon(claim) for claim in claims)


def delete_failed_wakeups() -> None:
    """Empty the queue's table of what came to nothing."""
    with connection.cursor() as cursor:
        cursor.execute(query("delete_failed_wakeups"))


def _recover(job_id: UUID) -> bool:
    with transaction.atomic():
        # Waits for nobody: a commit that still holds the job is one that goes on.
        ours = Job.objects.select_for_update(skip_locked=True).filter(pk=job_id)
        job = ours.filter(status=Job.Status.PROCESSING, lease_until__lt=Now()).first()
        if job is None:
            return False
        deaths = 0 if _progressed(job) else job.deaths + 1
        _lose_attempt(job, "lost")
        note(job.pk, "recovered", worker=job.worker, deaths=deaths)
        if deaths >= MOST_DEATHS:
            _give_up(job, deaths)
        else:
            _take_away(job, deaths=deaths)
    log.warning("job_recovered", job_id=str(job_id), worker=job.worker, deaths=deaths)
    if deaths >= MOST_DEATHS:
        handing.hand_over(job.scopes)  # its lanes wait for a person
    return True


def _progressed(job: Job) -> bool:
    """Whether this attempt committed a batch before it was lost."""
    attempt = Attempt.objects.filter(job=job, fence=job.fence).first()
    if attempt is None:
        return False
    return Batch.objects.filter(job=job, committed_at__gte=attempt.started_at).exists()


def _lose_attempt(job: Job, outcome: str) -> None:
    running = Attempt.objects.filter(job=job, fence=job.fence, finished_at=None)
    running.update(outcome=outcome, finished_at=Now())


def _take_away(job: Job, **changes: Any) -> None:
    """Raise the fence of a locked job, so that its old attempt can commit nothing, and wake it anew."""
    job.fence += 1
    redeliver(job, fence=job.fence, **changes)


def _give_up(job: Job, deaths: int) -> None:
    message = f"Its worker died {deaths} times in a row without a commit: look at memory, then retry."
    path = None if job.entity is None else job.entity.path
    Job.objects.filter(pk=job.pk).update(
        status=Job.Status.FAILED,
        fence=F("fence") + 1,
        deaths=deaths,
        error_code="worker_died",
        error=message,
        fingerprint=grouping.see_job(job.kind, path, job.entity_id, "worker_died", message),
        finished_at=Now(),
        lease_until=None,
        wakeup=None,
    )
    note(job.pk, "failed", code="worker_died", message=message)
    metrics.jobs_failed.labels(module=path or "").inc()
    metrics.errors.labels(type="worker_died").inc()


def _bury_wakeups() -> int:
    """Remove wake-ups that dead workers took, after waking their jobs: a crash in between repeats a no-op."""
    limits: dict[str, Any] = {"silence": SILENCE}
    with connection.cursor() as cursor:
        cursor.execute(query("dead_wakeups"), limits)
        dead = cursor.fetchall()
        woken = [_wake(UUID(job_id), "redelivered", wakeup) for wakeup, job_id in dead if job_id]
        if dead:
            cursor.execute(query("delete_wakeups"), {"ids": [wakeup for wakeup, _ in dead]})
    return sum(woken)


def _wake(job_id: UUID, event: str, wakeup: int | None = None) -> bool:
    """Wake a pending job anew; with `wakeup`, only if that is still its own."""
    with transaction.atomic():
        ours = Job.objects.select_for_update(skip_locked=True).filter(pk=job_id, status=Job.Status.PENDING)
        job = ours.first()
        if job is None or job.hold not in (None, BACKOFF) or (wakeup is not None and job.wakeup != wakeup):
            return False
        queue.withdraw(job.wakeup)
        note(job.pk, event)
        redeliver(job, hold=job.hold)  # one in backoff still has to look for room
    return True


def _abandon(claim: Claim) -> bool:
    with transaction.atomic():
        ours = Job.objects.select_for_update(skip_locked=True)
        job = ours.filter(pk=claim.job_id, fence=claim.fence, status=Job.Status.PROCESSING).first()
        if job is None:
            return False
        _lose_attempt(job, "interrupted")
        note(job.pk, "interrupted", attempt=claim.attempt, worker=claim.worker)
        _take_away(job)
    return True
