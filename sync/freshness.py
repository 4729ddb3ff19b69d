"""How old an answer may be, and the one refresh that many stale reads share."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db import transaction

from sync.jobs import priorities
from sync.jobs.enqueue import Enqueued, enqueue
from sync.registry import Registered

if TYPE_CHECKING:
    from sync.lookup import Lookup

REMEMBERED_FOR = (
    1.0  # seconds a request for work is remembered here, so that a hot stale key does not insert each time
)
MOST_REMEMBERED = 10_000
EMPTY_IS_STALE_AFTER = timedelta(minutes=1)  # a list that is empty asks again sooner than its freshness says


class State(StrEnum):
    """What is known of a record."""

    FRESH = "fresh"
    STALE = "stale"
    UNKNOWN = "unknown"
    ABSENT = "absent"  # the far end said so, lately
    DELETED = "deleted"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """A state, since when it is known, and until when that is good enough."""

    state: State
    as_of: datetime | None = None
    fresh_until: datetime | None = None
    due: bool = False  # the far end should be asked


@dataclass(frozen=True, slots=True)
class Requested:
    """The job that will make it fresh; `created` where this call started it."""

    job_id: uuid.UUID
    created: bool


def judge(known: Lookup, freshness: timedelta, now: datetime) -> Verdict:
    """What may be answered. A record's age is the newer of its own and that of the last complete run."""
    found, absent = known.found, known.absent_since
    if found is not None and found.deleted_at is not None and _is_read_anew(known):
        found = None  # nobody knows yet whether the far end has it
    if absent is not None and (found is None or (found.deleted_at is None and absent > found.synced_at)):
        old = absent + freshness <= now
        if found is None and old:
            return Verdict(state=State.UNKNOWN, due=True)
        # Only a full read may delete a record. But this key was asked for and is gone: say so until seen.
        return Verdict(state=State.ABSENT, as_of=absent, fresh_until=absent + freshness, due=old)
    if found is None:
        return Verdict(state=State.UNKNOWN, due=True)
    as_of = max(found.synced_at, known.fresh_to or found.synced_at)
    until = as_of + freshness
    due = now >= until
    state = State.DELETED if found.deleted_at else State.STALE if due else State.FRESH
    # The far end was asked lately, and what it sent could not land: asking at every read would bring the same row.
    tried = known.refused_at is not None and now < known.refused_at + freshness
    return Verdict(state=state, as_of=as_of, fresh_until=until, due=due and not tried)


def _is_read_anew(known: Lookup) -> bool:
    """Whether the entity was emptied and no complete run has ended since."""
    emptied = known.emptied_at
    return emptied is not None and (known.fresh_to is None or known.fresh_to < emptied)


def judge_list(fresh_to: datetime | None, *, empty: bool, freshness: timedelta, now: datetime) -> Verdict:
    """A list is as fresh as the last complete run; one without rows is doubted sooner."""
    if fresh_to is None:
        return Verdict(state=State.STALE, due=True)
    until = fresh_to + freshness
    stale = now >= until or (empty and now >= fresh_to + EMPTY_IS_STALE_AFTER)
    return Verdict(state=State.STALE if stale else State.FRESH, as_of=fresh_to, fresh_until=until, due=stale)


def request_refresh(
    registered: Registered,
    key: Mapping[str, str],
    key_hash: uuid.UUID,
    *,
    by: str,
    request_id: str | None = None,
) -> Requested:
    """The one job that reads this key anew; it overtakes batch work."""
    wanted = request_if_due(registered, key, key_hash, due=lambda: True, by=by, request_id=request_id)
    assert wanted is not None
    return wanted


def request_if_due(
    registered: Registered,
    key: Mapping[str, str],
    key_hash: uuid.UUID,
    *,
    due: Callable[[], bool],
    by: str,
    request_id: str | None = None,
) -> Requested | None:
    """The same; None where `due`, asked once a job of ours stands, says that one before it has just ended."""

    def ask(dedup: str) -> Enqueued:
        return enqueue(
            "refresh",
            entity=registered,
            params={"key": dict(key), "key_hash": str(key_hash)},
            priority=priorities.INTERACTIVE,
            dedup=dedup,
            requested_by=by,
            request_id=request_id,
        )

    return _if_due(f"refresh:{registered.path}:{key_hash}", ask, due)


def request_list_sync(
    registered: Registered, *, due: Callable[[], bool], by: str, request_id: str | None = None
) -> Requested | None:
    """The one incremental sync that a stale list of this entity asks for; None as of `request_if_due`."""

    def ask(dedup: str) -> Enqueued:
        return enqueue(
            "sync",
            entity=registered,
            priority=priorities.COMMAND,
            dedup=dedup,
            requested_by=by,
            request_id=request_id,
        )

    return _if_due(sync_dedup(registered), ask, due)


def _if_due(dedup: str, ask: Callable[[str], Enqueued], due: Callable[[], bool]) -> Requested | None:
    if known := _recent.get(dedup):
        return Requested(known, created=False)
    with transaction.atomic():
        wanted = ask(dedup)
        # A twin that was under way when the record or list was looked at may have landed before we could join it.
        if wanted.created and not due():
            transaction.set_rollback(True)
            return None
    _recent.put(dedup, wanted.job.id)
    return Requested(wanted.job.id, wanted.created)


def sync_dedup(registered: Registered, *, since: str | None = None, full: bool = False) -> str:
    """What makes two requests for a sync the same request."""
    plain = f"sync:{registered.path}"
    if full:
        return f"{plain}:full"
    return f"{plain}:since:{since}" if since else plain


class Recent:
    """Jobs asked for by this process within the last second, by what they are for."""

    def __init__(self, seconds: float = REMEMBERED_FOR, most: int = MOST_REMEMBERED) -> None:
        self._seconds = seconds
        self._most = most
        self._jobs: dict[str, tuple[uuid.UUID, float]] = {}
        self._lock = threading.Lock()

    def get(self, dedup: str) -> uuid.UUID | None:
        """The job, if it was asked for lately."""
        known = self._jobs.get(dedup)
        return known[0] if known and time.monotonic() < known[1] else None

    def put(self, dedup: str, job_id: uuid.UUID) -> None:
        """Remember the job; the oldest give way."""
        with self._lock:
            self._jobs.pop(dedup, None)
            while len(self._jobs) >= self._most:
                self._jobs.pop(next(iter(self._jobs)))
            self._jobs[dedup] = (job_id, time.monotonic() + self._seconds)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._jobs.clear()


_recent = Recent()
forget_requests = _recent.clear
