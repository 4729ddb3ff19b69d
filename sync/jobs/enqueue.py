"""Asking for work: the job and its wake-up join the caller's transaction, or neither is ever seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from sync import schema
from sync.errors import Conflict
from sync.ids import uuid7
from sync.jobs import kinds, lanes, queue
from sync.jobs.ask import Ask
from sync.jobs.room import Room
from sync.models import Job
from sync.registry import Registered

BACKOFF = "backoff"
UNFINISHED = (Job.Status.PENDING, Job.Status.PROCESSING)
_TRIES = 5  # a twin may end between our insert and our look at it, each time
_ROWS = 1_000
"""Jobs in one statement."""


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
    lanes: Sequence[str] = (),
) -> Enqueued:
    """Ask for one piece of work; the words are those of Ask.

    A job that may not start yet (lane, limit, pause) waits without a wake-up until it is handed over.
    Raises InvalidRequest (unknown_kind) and ConfigError (not_migrated).
    """
    ask = Ask(
        kind=kind,
        entity=entity,
        params=params or {},
        priority=priority,
        dedup=dedup,
        run_after=run_after,
        requested_by=requested_by,
        request_id=request_id,
        parent_id=parent_id,
        scopes=scopes,
        lanes=lanes,
    )
    (enqueued,) = enqueue_many([ask])
    return enqueued


def enqueue_many(asks: Sequence[Ask]) -> list[Enqueued]:
    """Ask for several pieces of work at once, in their order: one statement each for jobs, lanes and wake-ups.

    Raises as `enqueue` does, and then none of them is asked for.
    """
    jobs = [_job(ask) for ask in asks]
    with _together(jobs):
        doing = _write(jobs)
    found = [job if job.dedup is None else doing[job.dedup] for job in jobs]
    return [Enqueued(does, created=does is job) for job, does in zip(jobs, found, strict=True)]


def twin_of(dedup: str | None) -> Job | None:
    """The unfinished job of this dedup text."""
    return None if dedup is None else Job.objects.filter(dedup=dedup, status__in=UNFINISHED).first()


def behind(dedup: str) -> str:
    """The dedup of work that joins a twin that waits, and none that runs: that one may have passed what is meant."""
    running = Job.objects.filter(dedup=dedup, status=Job.Status.PROCESSING).first()
    return dedup if running is None else f"{dedup}:after:{running.pk}"


def _job(ask: Ask) -> Job:
    entity = ask.entity
    named = [*ask.lanes, *kinds.lanes_of(ask.kind, entity, ask.params)]
    return Job(
        kind=ask.kind,
        entity_id=None if entity is None else schema.entity_id(entity.path),
        params=dict(ask.params),
        scopes=[*ask.scopes, *kinds.scopes_of(ask.kind, entity, ask.params)],
        lanes=[lane for lane in named if lane not in ask.without],
        priority=ask.priority,
        dedup=ask.dedup,
        run_after=ask.run_after or timezone.now(),
        requested_by=ask.requested_by,
        request_id=ask.request_id,
        parent_id=ask.parent_id,
    )


def _together(jobs: Sequence[Job]) -> AbstractContextManager[object]:
    """A transaction, unless it takes but one statement: three round trips less, where callers wait for them."""
    alone = len(jobs) <= _ROWS and not any(job.dedup or job.lanes or job.scopes for job in jobs)
    return nullcontext() if alone else transaction.atomic()


def _write(jobs: Sequence[Job]) -> dict[str, Job]:
    """Write these jobs but those that have twins; which job does what, by dedup text."""
    doing: dict[str, Job] = {}
    for _ in range(_TRIES):
        doing |= _twins(job.dedup for job in jobs)
        left = [job for job in jobs if job.dedup is None or doing.setdefault(job.dedup, job) is job]
        late = _insert(left) if left else []
        if not late:
            return doing
        # What has no twin is written: only those whose twins were faster are looked at again.
        jobs = late
        doing = {text: job for text, job in doing.items() if job not in late}
    raise Conflict(f"The same work ({jobs[0].dedup}) starts and ends too often to be joined: ask again.")


def _twins(texts: Iterable[str | None]) -> dict[str, Job]:
    wanted = {text for text in texts if text is not None}
    if not wanted:
        return {}
    found = Job.objects.filter(dedup__in=wanted, status__in=UNFINISHED)
    return {job.dedup: job for job in found if job.dedup is not None}


def _insert(jobs: Sequence[Job]) -> list[Job]:
    """Write the jobs with their wake-ups; those for which a twin was faster. Lanes and scopes are locked first."""
    room, now = Room(jobs), timezone.now()
    for job in jobs:
        _place(job, room, now)
    waking = {job.id: job.run_after if job.hold else None for job in jobs if job.hold in (None, BACKOFF)}
    written: dict[UUID, int | None] = {}
    for at in range(0, len(jobs), _ROWS):
        written |= queue.put(jobs[at : at + _ROWS], waking)
    for job in jobs:
        job.wakeup = written.get(job.id)
        job._state.adding = job.id not in written
    lanes.join([(lane, job.id) for job in jobs if job.id in written for lane in job.lanes])
    return [job for job in jobs if job.id not in written]


def _place(job: Job, room: Room, now: datetime) -> None:
    job.wakeup = None
    if job.lanes:
        job.id = uuid7(after=room.last(job.lanes))
    if job.run_after > now:
        # One that waits for its time takes no room yet: it looks for room when it wakes.
        job.hold = BACKOFF
        room.stand(job)
    else:
        job.hold = room.hold_of(job)
