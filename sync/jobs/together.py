"""The acts of `verbs` on many jobs in one transaction: a statement for all, none a job.

What makes no sense for a job as it stands leaves it alone, and is counted by its state. Locks are taken in the order of
`room`: lanes, scopes, then the jobs' rows by their ids.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Case, Count, F, Q, QuerySet, Value, When
from django.db.models.functions import Now

from sync import grouping
from sync.jobs import children, handing, kinds, lanes, queue
from sync.jobs.enqueue import BACKOFF, UNFINISHED
from sync.jobs.room import Room
from sync.jobs.selecting import DEAD
from sync.jobs.settle import CONFIGURATION
from sync.models import Attempt, Job, JobEvent
from sync.queries import query

Status = Job.Status
TWIN = "the same work is under way"
LEFT_ALONE = "left alone: "
"""Begins the names of what was counted and not done: many a state is called as the act that leads there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What the jobs' logs are told of it."""

    by: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Together:
    """One act: for which jobs it makes sense, and how it is done to those of some ids."""

    sensible: Q
    event: str
    do: Callable[[Sequence[UUID], Told], Counter[str]]


def retry(ids: Sequence[UUID], told: Told) -> Counter[str]:
    """Run them now, their tries counted anew; how many, and how many of what was refused."""
    room = Room(list(Job.objects.filter(pk__in=ids)))
    jobs, refused = _lock(ids, RETRIED)
    chosen = _without_twins(jobs)
    if left := len(jobs) - len(chosen):
        refused[TWIN] += left
    queue.withdraw_many([job.wakeup for job in chosen if job.wakeup is not None])
    fingerprints = {job.fingerprint for job in chosen if job.fingerprint is not None}
    for job in chosen:
        job.status, job.hold, job.wakeup, job.fence = Status.PENDING, room.hold_of(job), None, job.fence + 1
    free = [job for job in chosen if job.hold is None]
    for job, number in zip(free, queue.wake_many([(job, None) for job in free]), strict=True):
        job.wakeup = number
    Job.objects.bulk_update(chosen, ["status", "hold", "wakeup", "fence"])
    Job.objects.filter(pk__in=[job.pk for job in chosen]).update(
        attempts=0,
        deaths=0,
        run_after=Now(),  # the clock that decides when the queue finds it due
        finished_at=None,
        resolved_at=None,
        resolved_by=None,
        remark=None,
    )
    lanes.join([(lane, job.pk) for job in chosen for lane in job.lanes])  # a resolved one left them
    return _noted("retried", chosen, told, refused, fingerprints)


def cancel(ids: Sequence[UUID], told: Told) -> Counter[str]:
    """Stop those that have not ended, and those they wait for.

    Running attempts end at their next commit, which is refused.
    """
    waiting = Job.objects.filter(pk__in=ids, status=Status.PENDING, hold=children.CHILDREN)
    found = [*ids, *children.below(list(waiting.values_list("pk", flat=True)))]
    counted = Counter[str]()
    while found:
        jobs, refused = _lock(found, CANCELLED)
        counted += _cancel(jobs, told, refused)
        # What one of them asked for while its row was waited for.
        found = children.waited_for([job.pk for job in jobs])
    return counted


def _cancel(jobs: Sequence[Job], told: Told, refused: Counter[str]) -> Counter[str]:
    queue.withdraw_many([job.wakeup for job in jobs if job.wakeup is not None])
    numbers = [job.pk for job in jobs]
    running = Attempt.objects.filter(job__in=numbers, finished_at=None, fence=F("job__fence"))
    Attempt.objects.filter(pk__in=list(running.values_list("pk", flat=True))).update(
        outcome="cancelled", finished_at=Now()
    )
    Job.objects.filter(pk__in=numbers).update(
        status=Status.CANCELLED,
        fence=F("fence") + 1,
        hold=None,
        wakeup=None,
        lease_until=None,
        finished_at=Now(),
    )
    kinds.tell_cancelled(jobs)
    _leave(jobs)
    return _noted("cancelled", jobs, told, refused)


def resolve(ids: Sequence[UUID], told: Told) -> Counter[str]:
    """Settle failed ones without a run."""
    jobs, refused = _lock(ids, RESOLVED)
    Job.objects.filter(pk__in=[job.pk for job in jobs]).update(
        resolved_at=Now(), resolved_by=told.by, remark=told.reason or ""
    )
    _leave(jobs)
    fingerprints = {job.fingerprint for job in jobs if job.fingerprint is not None}
    return _noted("resolved", jobs, told, refused, fingerprints)


def sorted_out(rows: QuerySet[Job], sensible: Q) -> tuple[int, Counter[str]]:
    """For how many of these jobs it makes sense, and the others by state: all as of one moment."""
    fits = Case(When(sensible, then=Value(True)), default=Value(False))
    groups = rows.order_by().annotate(fits=fits).values_list("status", "hold", "fits")
    number, refused = 0, Counter[str]()
    for status, hold, fit, found, resolved in groups.annotate(Count("id"), Count("resolved_at")):
        if fit:
            number += found
        else:
            refused[state(status, hold, None)] += found - resolved
            refused[state(status, hold, True)] += resolved
    return number, +refused


def state(status: str, hold: str | None, resolved_at: object) -> str:
    """What a job is, in words."""
    if status == Status.FAILED and resolved_at is not None:
        return "resolved"
    return f"waiting ({hold})" if status == Status.PENDING and hold else str(status)


def _without_twins(jobs: Sequence[Job]) -> list[Job]:
    """Those whose work is not under way as another job; of several failed ones of the same work the newest."""
    texts = {job.dedup for job in jobs if job.dedup}
    busy = set(Job.objects.filter(dedup__in=texts, status__in=UNFINISHED).values_list("dedup", flat=True))
    newest = {job.dedup: job.pk for job in jobs if job.status == Status.FAILED}

    def alone(job: Job) -> bool:
        if job.dedup is None or job.status != Status.FAILED:
            return True
        return job.dedup not in busy and newest[job.dedup] == job.pk

    return [job for job in jobs if alone(job)]


def _lock(ids: Sequence[UUID], sensible: Q) -> tuple[list[Job], Counter[str]]:
    """Those for which it makes sense, FOR UPDATE, and the others by state."""
    rows = Job.objects.select_for_update().filter(pk__in=ids)
    found = list(rows.order_by("id"))
    fit = set(Job.objects.filter(sensible, pk__in=ids).values_list("pk", flat=True))
    others = [job for job in found if job.pk not in fit]
    refused = Counter(state(job.status, job.hold, job.resolved_at) for job in others)
    return [job for job in found if job.pk in fit], refused


def _leave(jobs: Collection[Job]) -> None:
    """They stand in no lanes any more; who waits for their places is handed over after the commit."""
    numbers = [job.pk for job in jobs if job.lanes]
    if numbers:
        with connection.cursor() as cursor:
            cursor.execute(query("leave_all_lanes"), {"jobs": numbers})
    scopes = {scope for job in jobs for scope in job.scopes}
    names = {lane for job in jobs for lane in job.lanes}
    transaction.on_commit(lambda: handing.hand_over(scopes, names), robust=True)


def _noted(
    event: str,
    jobs: Collection[Job],
    told: Told,
    refused: Counter[str],
    fingerprints: Collection[UUID] = (),
) -> Counter[str]:
    facts = {"by": told.by, **({"reason": told.reason} if told.reason else {})}
    JobEvent.objects.bulk_create([JobEvent(job_id=job.pk, name=event, facts=facts) for job in jobs])
    with connection.cursor() as cursor:
        grouping.close(cursor, fingerprints)
    alone = Counter({f"{LEFT_ALONE}{state}": number for state, number in refused.items()})
    return +Counter({event: len(jobs)}) + alone


# One that failed by its children asks first how they stand: it is retried by itself.
RETRIED = Q(status=Status.FAILED) & ~Q(error_code=children.FAILED) | Q(
    status=Status.PENDING, hold__in=(CONFIGURATION, BACKOFF)
)
CANCELLED = Q(status__in=UNFINISHED)
RESOLVED = DEAD
ACTS = {
    "retry": Together(RETRIED, "retried", retry),
    "cancel": Together(CANCELLED, "cancelled", cancel),
    "resolve": Together(RESOLVED, "resolved", resolve),
}
