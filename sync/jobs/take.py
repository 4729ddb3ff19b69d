"""Claiming: only the delivery that carries the job's fence may start it, and starting raises the fence."""

from __future__ import annotations

from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F, Max
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from sync import metrics
from sync.errors import UnknownEntity
from sync.jobs import limits, room
from sync.jobs.claim import LEASE, Claim
from sync.jobs.enqueue import BACKOFF
from sync.models import Attempt, Job
from sync.registry import Registered, registry

log = structlog.get_logger(__name__)


def take(job_id: UUID, fence: int, worker: str) -> Claim | None:
    """Claim a job for this delivery; None where the delivery is stale, doubled, or the job has to wait."""
    seen = Job.objects.filter(pk=job_id).first()
    if seen is None:
        log.warning(
            "delivery_without_job", job_id=str(job_id), reason="Its job is kept no longer: nothing is done."
        )
        return None
    if not _ours(seen, fence):
        return None
    with transaction.atomic():
        hold = _obstacle(seen)
        # Whoever raises the fence waits here for commits that hold the old one; what is read next is current.
        job = Job.objects.select_for_update(of=("self",)).select_related("entity").get(pk=job_id)
        if not _ours(job, fence):
            return None
        if hold:
            Job.objects.filter(pk=job_id).update(hold=hold, wakeup=None)
            return None
        return _claim(job, worker)


def _ours(job: Job, fence: int) -> bool:
    return job.fence == fence and job.status == Job.Status.PENDING and job.hold in (None, BACKOFF)


def _obstacle(job: Job) -> str | None:
    # Room was found when it was handed over, but a job in backoff gave its place to others.
    if job.hold == BACKOFF:
        return room.obstacle(job)
    return limits.PAUSED if limits.is_paused(job.scopes) else None


def _claim(job: Job, worker: str) -> Claim:
    Job.objects.filter(pk=job.pk).update(
        fence=F("fence") + 1,
        status=Job.Status.PROCESSING,
        hold=None,
        worker=worker,
        lease_until=Now() + LEASE,
        started_at=Coalesce("started_at", Now()),
    )
    metrics.job_wait.observe(max((timezone.now() - job.run_after).total_seconds(), 0))
    last = Attempt.objects.filter(job=job).aggregate(no=Max("no"))["no"] or 0
    attempt = Attempt(job=job, no=last + 1, fence=job.fence + 1, worker=worker)
    attempt.started_at = Now()  # the database's clock, as for leases and batches
    attempt.save(force_insert=True)
    return Claim(
        job_id=job.pk,
        fence=job.fence + 1,
        kind=job.kind,
        entity=_entity(job),
        entity_id=job.entity_id,
        params=job.params,
        attempt=last + 1,
        worker=worker,
        scopes=tuple(job.scopes),
        lanes=tuple(job.lanes),
    )


def _entity(job: Job) -> Registered | None:
    try:
        return None if job.entity is None else registry.find(job.entity.path)
    except UnknownEntity:
        return None  # its system was taken out of the settings: running it says so
