"""Letting workers take no more, and take jobs again: for a deploy, for work on the database; for all doors, audited."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, QuerySet
from django.db.models.functions import Now

from sync import audit
from sync.audit import Actor
from sync.errors import InvalidRequest, NotFound
from sync.models import Fleet, Job, Worker
from sync.queries import query

LONGEST_WAIT = 86_400
USUAL_WAIT = 60
HEARD_WITHIN = timedelta(seconds=20)
"""A worker that said nothing for so long is not counted."""


def usual_wait() -> int:
    """Seconds for which jobs that run may end by themselves, unless somebody says so."""
    seconds: int | None = settings.BRIDGE_DRAIN_SECONDS
    return USUAL_WAIT if seconds is None else seconds


def drain(
    *, by: Actor, worker: str | None = None, wait: int | None = None, reason: str | None = None
) -> None:
    """Let no worker, or not this one, take jobs; a worker that starts is idle too, where all are drained.

    Jobs that run may end by themselves for `wait` seconds (None: as usual); then they are asked to hand their work
    back, which burns no try. Drained again, the time begins anew. Raises NotFound, InvalidRequest (bad_wait).
    """
    wait = usual_wait() if wait is None else wait
    if isinstance(wait, bool) or not isinstance(wait, int) or not 0 <= wait <= LONGEST_WAIT:
        raise InvalidRequest(f"wait is {wait}: seconds, from 0 to {LONGEST_WAIT}.", code="bad_wait")
    state = {"draining_since": Now(), "hand_back_at": Now() + timedelta(seconds=wait)}
    with transaction.atomic():
        before = _drained(worker)
        if worker is None:
            told = {"drained_by": by.name, "reason": reason}
            Fleet.objects.update_or_create(one=True, defaults={**state, **told})
        else:
            _named(worker).update(**state)
        after = {**_drained(worker), "wait": wait}
        name = worker or "all"
        audit.record("fleet.drain", "worker", name, by=by, reason=reason, before=before, after=after)


def resume(*, by: Actor, worker: str | None = None, reason: str | None = None) -> None:
    """Let all workers take jobs again, drained by themselves or with all; or only this one. Raises NotFound."""
    ended = {"draining_since": None, "hand_back_at": None}
    with transaction.atomic():
        before = _drained(worker)
        if worker is None:
            Fleet.objects.update(**ended, drained_by=None, reason=None)
            Worker.objects.update(**ended)
        else:
            _named(worker).update(**ended)
        after, name = _drained(worker), worker or "all"
        audit.record("fleet.resume", "worker", name, by=by, reason=reason, before=before, after=after)


def running(worker: str | None = None) -> int:
    """Jobs that run now, on this worker or anywhere."""
    jobs = Job.objects.filter(status=Job.Status.PROCESSING)
    return (jobs if worker is None else jobs.filter(worker=worker)).count()


def running_by_worker() -> dict[str, int]:
    """Jobs that run now, of each worker that runs any."""
    jobs = Job.objects.filter(status=Job.Status.PROCESSING, worker__isnull=False).order_by()
    return {str(name): number for name, number in jobs.values_list("worker").annotate(Count("id"))}


def state() -> dict[str, Any]:
    """Whether all are drained, since when, by whom and why."""
    row = Fleet.objects.first() or Fleet()
    return {
        "draining_since": row.draining_since,
        "hand_back_at": row.hand_back_at,
        "drained_by": row.drained_by,
        "reason": row.reason,
    }


def living() -> QuerySet[Worker]:
    """The workers heard of lately, by name."""
    return Worker.objects.filter(heard_at__gte=Now() - HEARD_WITHIN).order_by("name")


def leave(name: str) -> None:
    """This worker has ended."""
    with connection.cursor() as cursor:
        cursor.execute(query("leave_fleet"), {"name": name})


def _drained(worker: str | None) -> dict[str, str | None]:
    """Since when all are drained, or this one by itself."""
    rows = Fleet.objects.all() if worker is None else Worker.objects.filter(name=worker)
    since = rows.values_list("draining_since", flat=True).first()
    return {"draining_since": since.isoformat() if since else None}


def _named(worker: str) -> QuerySet[Worker]:
    found = Worker.objects.filter(name=worker)
    if not found.exists():
        raise NotFound(f"There is no worker {worker[:200]!r}: `bridge workers` shows them.")
    return found
