"""Handing over: who ends, leaves or raises a limit wakes what waits for the room it made."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from sync.jobs import children, lanes, limits, queue
from sync.jobs.room import WAITING, Room
from sync.models import Job


def hand_over(scopes: Iterable[str], names: Iterable[str] = ()) -> int:
    """Wake the jobs for which these scopes and lanes have room; returns how many. Each in a transaction."""
    wanted = set(scopes)
    parents = children.parents_of(wanted)
    woken = sum(_hand_over_lane(lane) for lane in sorted(set(names)))
    woken += sum(_hand_over_scope(scope) for scope in sorted(wanted, key=_in_order))
    for parent in parents:
        rejoin(parent)
    return woken


def rejoin(parent_id: UUID) -> None:
    """Let a job go on if all its children have ended; one that fails by them hands over in its turn."""
    failed = children.rejoin(parent_id)
    if failed is not None:
        hand_over(failed.scopes)


def hand_over_all() -> int:
    """Wake what waits though there is room, whoever should have done so."""
    for parent in children.left_waiting():
        rejoin(parent)
    return hand_over(limits.waiting(), lanes.waiting())


def hand_over_later(job: Job) -> None:
    """Wake what waits for the places of this job, after the commit."""
    transaction.on_commit(lambda: hand_over(job.scopes, job.lanes), robust=True)


def _in_order(scope: str) -> tuple[bool, str]:
    """An entity's before a backfill's: what goes first there may be a sync, and no window."""
    return scope.startswith(("backfill:", "system:")), scope


def _hand_over_lane(lane: str) -> int:
    first = lanes.first_waiting(lane)
    return int(first is not None and _start(first) is None)


def _hand_over_scope(scope: str) -> int:
    """Wake the best first; one that waits for another scope lets those pass that don't."""
    woken, full = 0, set[str]()
    while (waiting := limits.next_waiting(scope, full)) is not None:
        blocked = _start(waiting)
        if blocked is None:
            woken += 1
        elif scope in blocked:
            break
        else:
            full |= blocked
    return woken


def _start(job_id: UUID) -> set[str] | None:
    """Wake one waiting job; else the full scopes for which it waits on, none where it waits for a lane.

    One that somebody else woke counts as woken.
    """
    seen = Job.objects.filter(pk=job_id).first()
    if seen is None:
        return None
    with transaction.atomic():
        room = Room([seen])
        job = Job.objects.select_for_update().get(pk=job_id)
        if job.status != Job.Status.PENDING or job.wakeup is not None or job.hold not in WAITING:
            return None
        before, job.hold = job.hold, room.hold_of(job)
        if job.hold is None:
            job.wakeup = queue.wake(job)
        if job.hold != before:
            job.save(update_fields=["hold", "wakeup"])
    return None if job.hold is None else room.full(job)
