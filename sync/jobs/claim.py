"""The right to work on a job: taken by one delivery, checked again by every commit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from psycopg.types.json import Jsonb

from sync.declare import Retry
from sync.errors import StaleAttempt
from sync.ids import uuid7
from sync.jobs import lanes
from sync.jobs.events import note
from sync.jobs.prepared import ask
from sync.models import Job, JobEvent
from sync.queries import query
from sync.registry import Registered

LEASE = timedelta(seconds=15)
PROGRESS_EVERY = 1.0
"""Seconds between two notes of progress."""


class Interrupted(Exception):  # noqa: N818 - a request to stop, not a fault
    """The worker stops, or the claim was lost: the work ends here, and goes on elsewhere where it stands."""


class PutOff(Interrupted):
    """The work may not go on now: its scope is paused, where it waits, and it goes on where it stands."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Live:
    """What changes while an attempt runs."""

    stopping: threading.Event = field(default_factory=threading.Event)
    finished: bool = False
    advanced: bool = False
    renewed: float = field(default_factory=time.monotonic)
    noted: float = 0.0
    progress: JobEvent | None = None
    retry: Retry | None = None  # of work that has a policy of its own
    # Whether others ended the work meanwhile; asked under the job's lock, before an error is written down.
    overtaken: Callable[[], bool] | None = None
    group: list[tuple[Claim, Mapping[str, Any]]] | None = None  # ends that are written together


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One attempt of a job, as its handler sees it. `attempt` counts all runs, from 1."""

    job_id: UUID
    fence: int
    kind: str
    entity: Registered | None
    entity_id: int | None
    params: dict[str, Any]
    attempt: int
    worker: str
    scopes: tuple[str, ...] = ()
    lanes: tuple[str, ...] = ()
    live: Live = field(default_factory=Live, repr=False, compare=False)

    @property
    def stopping(self) -> threading.Event:
        """Set when the worker drains or the claim was lost: raise Interrupted at the next safe place."""
        return self.live.stopping

    def check_lease(self) -> None:
        """Raise StaleAttempt where the lease ran out: who wakes up from being frozen would do again what others did."""
        if time.monotonic() - self.live.renewed > LEASE.total_seconds():
            raise StaleAttempt(f"Attempt {self.attempt} of job {self.job_id} stood still for too long.")

    def hold(self) -> None:
        """Keep the job ours until this transaction ends; the first statement of each commit.

        Raises StaleAttempt where somebody else has it, or it was cancelled.
        """
        with connection.cursor() as cursor:
            cursor.execute(query("hold_job"), {"id": self.job_id, "fence": self.fence})
            if cursor.fetchone() is None:
                raise StaleAttempt(f"Attempt {self.attempt} of job {self.job_id} no longer holds it.")

    def finish(self, result: Mapping[str, Any]) -> None:
        """End the job well, in the transaction of its data. Raises StaleAttempt as `hold` does."""
        if self.live.group is not None:
            self.live.group.append((self, result))
        elif self.lanes:
            with transaction.atomic(savepoint=False):
                self._finish(result)
                lanes.leave(self.job_id)
        else:
            self._finish(result)
        self.live.finished = True

    def _finish(self, result: Mapping[str, Any]) -> None:
        ended = ask(
            "finish_job", id=self.job_id, fence=self.fence, no=self.attempt, result=Jsonb(dict(result))
        )
        if ended != [(True,)]:
            raise StaleAttempt(f"Attempt {self.attempt} of job {self.job_id} no longer holds it.")

    def advance(self) -> None:
        """Say that a part of the work is committed for good: an error after it counts as the job's first."""
        self.live.advanced = True

    def outlive(self) -> None:
        """Say, in the transaction that commits a part of the work, that it does: deaths before it count no more.

        Not needed where the part is a batch, and not for handlers that commit on several connections at once.
        """
        Job.objects.filter(pk=self.job_id, fence=self.fence, deaths__gt=0).update(deaths=0)

    def event(self, name: str, **facts: Any) -> None:
        """Write an event into the job's log, in the transaction that is open here, if any."""
        note(self.job_id, name, **facts)

    def progress(self, **facts: Any) -> None:
        """Say how far it is: shown while the job runs, kept once a second at most, one row an attempt.

        Inside a transaction nothing is written, since nobody would see it before the commit.
        """
        now = time.monotonic()
        if connection.in_atomic_block or now - self.live.noted < PROGRESS_EVERY:
            return
        self.live.noted = now
        if self.live.progress is None:
            self.live.progress = note(self.job_id, "progress", **facts)
        else:
            JobEvent.objects.filter(pk=self.live.progress.pk).update(facts=facts)


def tried(
    kind: str, entity: Registered, params: dict[str, Any] | None = None, live: Live | None = None
) -> Claim:
    """A claim on no job: for work that is only tried and never committed."""
    return Claim(
        job_id=uuid7(),
        fence=0,
        kind=kind,
        entity=entity,
        entity_id=None,
        params=params or {},
        attempt=1,
        worker="dry run",
        live=live or Live(),
    )
