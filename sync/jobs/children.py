"""Fan-out and fan-in: a job asks for others and goes on when all have ended; no worker waits meanwhile.

Who ends hands its places over: one of them is the scope `children:ID` of its parent, which counts nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Q
from django.db.models.functions import Now

from sync import grouping
from sync.errors import Conflict, FatalError, StaleAttempt
from sync.jobs import queue, room
from sync.jobs.ask import Ask
from sync.jobs.claim import Claim
from sync.jobs.enqueue import UNFINISHED, enqueue_many
from sync.jobs.events import note
from sync.models import Attempt, Job
from sync.queries import query

CHILDREN = "children"
FAILED = "children_failed"
SCOPE = "children:"
AT_ONCE = 1_000


def fan_out(claim: Claim, asks: Sequence[Ask], *, then: Mapping[str, Any] | None = None) -> list[Job]:
    """Ask for these jobs and end this attempt; when all have ended, the job runs again, `then` added to its params.

    Then `params["joined"]` counts them: success, cancelled, resolved. One that fails fails this job too, until it is
    retried or resolved. Lanes in which the job itself stands are left out. Raises StaleAttempt.
    """
    if any(ask.dedup is not None for ask in asks):
        raise FatalError("A child has no dedup: a twin has another parent, or none.", code="bad_children")
    with transaction.atomic():
        held = _lanes_above(claim.job_id)
        scope = f"{SCOPE}{claim.job_id}"
        children = enqueue_many(
            [replace(ask, parent_id=claim.job_id, scopes=[*ask.scopes, scope], without=held) for ask in asks]
        )
        _wait(claim, dict(then or {}))
        note(claim.job_id, "fanned_out", count=len(children))
    claim.live.finished = True
    if not children:
        rejoin(claim.job_id)
    return [child.job for child in children]


def rejoin(parent_id: UUID) -> Job | None:
    """Let a job go on whose children have all ended; it, where that fails it."""
    waiting = Job.objects.filter(pk=parent_id, status=Job.Status.PENDING, hold=CHILDREN)
    seen = waiting.first()
    if seen is None or unfinished(parent_id):
        return None
    with transaction.atomic():
        hold = room.obstacle(seen)  # before the job's row, as everywhere
        job = waiting.select_for_update().first()
        if job is None or unfinished(parent_id):
            return None
        joined = counts(parent_id)
        if joined["failed"]:
            _fail(job, joined)
            return job
        job.params = {**job.params, "joined": joined}
        job.hold, job.run_after = hold, Now()
        job.save(update_fields=["params", "hold", "run_after"])
        note(job.pk, "joined", **joined)
        if hold is None:
            job.wakeup = queue.wake(job)
            job.save(update_fields=["wakeup"])
    return None


def counts(parent_id: UUID) -> dict[str, int]:
    """How a job's children ended; a failed one that was dealt with is resolved."""
    dead = Q(status=Job.Status.FAILED, resolved_at=None)
    return Job.objects.filter(parent_id=parent_id, scopes__contains=[f"{SCOPE}{parent_id}"]).aggregate(
        success=Count("pk", filter=Q(status=Job.Status.SUCCESS)),
        failed=Count("pk", filter=dead),
        resolved=Count("pk", filter=Q(status=Job.Status.FAILED) & ~dead),
        cancelled=Count("pk", filter=Q(status=Job.Status.CANCELLED)),
    )


def unfinished(parent_id: UUID) -> bool:
    """Whether a job that this one waits for has not ended."""
    mine = Job.objects.filter(parent_id=parent_id, scopes__contains=[f"{SCOPE}{parent_id}"])
    return mine.filter(status__in=UNFINISHED).exists()


def before_retry(job: Job) -> str | None:
    """The hold of a job that failed by its children and is retried. Raises Conflict while one is dead."""
    if job.error_code != FAILED:
        return None
    if unfinished(job.pk):
        return CHILDREN
    joined = counts(job.pk)
    if joined["failed"]:
        message = f"{joined['failed']} of its children are dead: retry or resolve them first."
        raise Conflict(message)
    job.params = {**job.params, "joined": joined}
    return None


def waited_for(parents: Collection[UUID]) -> list[UUID]:
    """The jobs that have not ended and for which these wait."""
    scopes = [f"{SCOPE}{parent}" for parent in parents]
    rows = Job.objects.filter(parent_id__in=parents, status__in=UNFINISHED, scopes__overlap=scopes)
    return list(rows.order_by("id").values_list("pk", flat=True))


def below(parents: Collection[UUID]) -> list[UUID]:
    """The jobs that have not ended and for which these wait, or one of those in its turn."""
    found: list[UUID] = []
    level = waited_for(parents)
    while level:
        found += level
        level = waited_for(level)
    return found


def parents_of(scopes: Iterable[str]) -> list[UUID]:
    """The jobs that wait for one of these scopes."""
    return [UUID(scope.removeprefix(SCOPE)) for scope in scopes if scope.startswith(SCOPE)]


def left_waiting() -> list[UUID]:
    """Jobs that wait for their children though all have ended: whoever ended last died."""
    with connection.cursor() as cursor:
        cursor.execute(query("joinable_jobs"), {"most": AT_ONCE})
        return [row[0] for row in cursor.fetchall()]


def _wait(claim: Claim, then: dict[str, Any]) -> None:
    ours = Job.objects.filter(pk=claim.job_id, fence=claim.fence, status=Job.Status.PROCESSING)
    held = ours.update(
        status=Job.Status.PENDING,
        hold=CHILDREN,
        wakeup=None,
        lease_until=None,
        attempts=0,
        deaths=0,
        params={**claim.params, **then},
        error_code=None,
        error=None,
    )
    if not held:
        raise StaleAttempt(f"Attempt {claim.attempt} of job {claim.job_id} no longer holds it.")
    runs = Attempt.objects.filter(job_id=claim.job_id, no=claim.attempt)
    runs.update(outcome="fanned_out", finished_at=Now())


def _fail(job: Job, joined: dict[str, int]) -> None:
    total = sum(joined.values())
    message = (
        f"{joined['failed']} of its {total} children failed: retry or resolve them, then retry this job."
    )
    path = None if job.entity is None else job.entity.path
    job.status, job.hold, job.finished_at = Job.Status.FAILED, None, Now()
    job.error_code, job.error = FAILED, message
    job.fingerprint = grouping.see_job(job.kind, path, job.entity_id, FAILED, message)
    job.save(update_fields=["status", "hold", "finished_at", "error_code", "error", "fingerprint"])
    note(job.pk, "failed", code=FAILED, message=message)


def _lanes_above(job_id: UUID) -> frozenset[str]:
    """The lanes in which this job and those that wait for it stand: a child in one would wait for ever."""
    with connection.cursor() as cursor:
        cursor.execute(query("lanes_above"), {"job": job_id})
        return frozenset(lane for (lanes,) in cursor.fetchall() for lane in lanes)
