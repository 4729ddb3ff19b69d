"""Asking for work: the job and its wake-up join the caller's transaction, or neither is ever seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from sync import schema
from sync.errors import Conflict
from sync.jobs import kinds, lanes, queue
from sync.models import Job
from sync.registry import Registered

BACKOFF = "backoff"
UNFINISHED = (Job.Status.PENDING, Job.Status.PROCESSING)
_TRIES = 5  # a twin may end between our insert and our look at it, each time


@dataclass(frozen=True, slots=True)
class Enqueued:
    """The job that will do it; `created` is False where an unfinished twin will."""

    job: Job
    created: bool


def enqueue(
    kind: str,
    *,
    entity: Registered | None = None,
    params: Mapping[str, Any] | None = None,
    priority: int = 0,
    dedup: str | None = None,
    run_after: datetime | None = None,
    requested_by: str,
    request_id: str | None = None,
    parent_id: UUID | None = None,
    scopes: Sequence[str] = (),
) -> Enqueued:
    """Ask for work of a kind. With `dedup`, an unfinished job of the same text is returned instead.

    A job that may not start yet (limit of its entity, pause) waits without a wake-up until it is handed over;
    `scopes` are further limits that count it.
    Raises InvalidRequest (unknown_kind) and ConfigError (not_migrated).
    """
    kinds.check(kind)
    job = Job(
        kind=kind,
        entity_id=None if entity is None else schema.entity_id(entity.path),
        params=dict(params or {}),
        scopes=[*scopes, *kinds.scopes_of(kind, entity)],
        priority=priority,
        dedup=dedup,
        run_after=run_after or timezone.now(),
        requested_by=requested_by,
        request_id=request_id,
        parent_id=parent_id,
    )
    with transaction.atomic():
        for _ in range(_TRIES):
            if twin := twin_of(dedup):
                return Enqueued(twin, created=False)
            if _insert(job):
                return Enqueued(job, created=True)
    raise Conflict(f"The same work ({dedup}) starts and ends too often to be joined: ask again.")


def twin_of(dedup: str | None) -> Job | None:
    """The unfinished job of this dedup text."""
    return None if dedup is None else Job.objects.filter(dedup=dedup, status__in=UNFINISHED).first()


def behind(dedup: str) -> str:
    """The dedup of work that joins a twin that waits, and none that runs: that one may have passed what is meant."""
    running = Job.objects.filter(dedup=dedup, status=Job.Status.PROCESSING).first()
    return dedup if running is None else f"{dedup}:after:{running.pk}"


def _insert(job: Job) -> bool:
    """Write the job with its wake-up; False where a twin was faster. Scopes are locked before its row."""
    later = job.run_after > timezone.now()
    # One that waits for its time takes no room yet: it looks for room when it wakes.
    job.hold = BACKOFF if later else lanes.obstacle(job.scopes)
    job.wakeup = None
    if job.hold in (None, BACKOFF):
        at = job.run_after if later else None
        job.wakeup = queue.deliver(
            job.id, job.fence, queue=kinds.queue_of(job.kind), priority=job.priority, at=at
        )
    if job.dedup is None:
        job.save(force_insert=True)
        return True
    # DO NOTHING waits for the end of a twin's transaction, and unlike an error it leaves ours usable.
    Job.objects.bulk_create([job], ignore_conflicts=True)
    if Job.objects.filter(pk=job.pk).exists():
        return True
    queue.withdraw(job.wakeup)
    return False
