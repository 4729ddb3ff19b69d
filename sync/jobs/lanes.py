"""How many jobs of an entity run at once. A job that has to wait has no wake-up: who makes room hands over.

Locks are always taken in this order: the scopes' rows by name, then the job's row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import connection, transaction

from sync.jobs import kinds, queue
from sync.models import Job, ScopeLimit, Tracker
from sync.queries import query
from sync.registry import registry

LIMIT = "limit"
PAUSED = "paused"


def default_limits() -> None:
    """Make the limits of each declared entity that has none. The row is the knob: a changed one stays."""
    syncs = [ScopeLimit(scope=f"entity:{one.path}", most=one.entity.max_parallel) for one in registry]
    replays = [ScopeLimit(scope=f"replay:{one.path}", most=1) for one in registry]
    ScopeLimit.objects.bulk_create([*syncs, *replays], ignore_conflicts=True)


def obstacle(scopes: Sequence[str]) -> str | None:
    """Why a job of these scopes must wait, or None. Locks the scopes until the transaction ends."""
    if not scopes:
        return None
    with connection.cursor() as cursor:
        cursor.execute(query("lock_scopes"), {"scopes": list(scopes)})
    if is_paused(scopes):
        return PAUSED
    return LIMIT if _holds("any_full", scopes) else None


def is_paused(scopes: Sequence[str]) -> bool:
    """Whether jobs of these scopes may not start now."""
    return bool(scopes) and _holds("any_paused", scopes)


def hand_over(scopes: Iterable[str]) -> int:
    """Wake the jobs for which these scopes have room, best first; returns how many. Each in a transaction."""
    woken = 0
    # An entity's before a backfill's: what goes first there may be a sync, and no window.
    for scope in sorted(set(scopes), reverse=True):
        while (waiting := _next_waiting(scope)) and _start(waiting):
            woken += 1
    return woken


def hand_over_all() -> int:
    """Wake what waits though there is room, whoever should have done so."""
    with connection.cursor() as cursor:
        cursor.execute(query("waiting_scopes"))
        scopes = [row[0] for row in cursor.fetchall()]
    return hand_over(scopes)


def pause(tracker: Tracker, remark: str) -> None:
    """Start no more jobs of this entity; what runs goes on."""
    tracker.state, tracker.remark = Tracker.State.PAUSED, remark
    tracker.save(update_fields=["state", "remark"])


def resume(tracker: Tracker, remark: str) -> None:
    """Let jobs of this entity start again; those that waited are woken after the commit."""
    tracker.state, tracker.remark = Tracker.State.ACTIVE, remark
    tracker.save(update_fields=["state", "remark"])
    scopes = [f"entity:{tracker.entity.path}", f"replay:{tracker.entity.path}"]
    transaction.on_commit(lambda: _hand_over(scopes), robust=True)


def _hand_over(scopes: list[str]) -> None:
    hand_over(scopes)


def _next_waiting(scope: str) -> UUID | None:
    with connection.cursor() as cursor:
        cursor.execute(query("next_waiting"), {"scope": scope})
        row = cursor.fetchone()
    return row[0] if row else None


def _start(job_id: UUID) -> bool:
    """Wake one waiting job; False where there is no room. One that somebody else woke counts as woken."""
    scopes = Job.objects.values_list("scopes", flat=True).get(pk=job_id)
    with transaction.atomic():
        if obstacle(scopes):
            return False
        job = Job.objects.select_for_update().get(pk=job_id)
        if job.status == Job.Status.PENDING and job.wakeup is None and job.hold in (LIMIT, PAUSED):
            job.hold = None
            job.wakeup = queue.deliver(
                job.id, job.fence, queue=kinds.queue_of(job.kind), priority=job.priority
            )
            job.save(update_fields=["hold", "wakeup"])
    return True


def _holds(condition: str, scopes: Sequence[str]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(query(condition), {"scopes": list(scopes)})
        row = cursor.fetchone()
    return bool(row and row[0])
