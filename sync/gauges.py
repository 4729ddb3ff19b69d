"""What the database holds right now, in numbers: for /metrics, for health, for the shell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q
from django.utils import timezone

from sync.commands import declared as commands
from sync.jobs import dead, kinds
from sync.jobs.takers import takers
from sync.models import Command, EntityRow, FailedRecord, Job, PendingChild, SourceColumn, Tracker, Worker
from sync.models.command import State
from sync.registry import registry


@dataclass(frozen=True, kw_only=True, slots=True)
class Queue:
    """How much waits in a queue, and for how long."""

    name: str
    length: int  # pending jobs, those in backoff too
    oldest_seconds: float  # since the oldest could have started; 0 where none could

    def as_json(self) -> dict[str, Any]:
        """For an answer."""
        return {"length": self.length, "oldest_seconds": round(self.oldest_seconds, 1)}


def workers(heard_within: timedelta) -> int:
    """Worker processes heard of lately, whichever queues they serve."""
    return Worker.objects.filter(heard_at__gte=timezone.now() - heard_within).count()


def queues() -> list[Queue]:
    """Every queue, the empty ones too."""
    now = timezone.now()
    ready = Q(run_after__lte=now, hold__isnull=True)
    rows = (
        Job.objects.filter(status=Job.Status.PENDING)
        .order_by()
        .values_list("kind")
        .annotate(length=Count("id"), since=Min("run_after", filter=ready))
    )
    lengths = dict.fromkeys(kinds.QUEUES, 0)
    oldest: dict[str, datetime] = {}
    for kind, length, since in rows:
        name = kinds.queue_of(kind)
        lengths[name] += length
        if since is not None:
            oldest[name] = min(since, oldest.get(name, since))
    return [
        Queue(name=name, length=length, oldest_seconds=(now - oldest.get(name, now)).total_seconds())
        for name, length in lengths.items()
    ]


def taking() -> Mapping[str, int]:
    """Living workers that take jobs of each queue; none while they are drained."""
    found = takers()
    return {queue: found.of_queue(queue) for queue in kinds.QUEUES}


def freshness() -> Mapping[str, float]:
    """Seconds since the start of each entity's last complete run; entities that had none are left out."""
    now = timezone.now()
    rows = Tracker.objects.filter(fresh_to__isnull=False).values_list("entity__path", "fresh_to")
    declared = {registered.path for registered in registry}
    return {path: (now - since).total_seconds() for path, since in rows if since and path in declared}


def failed_records() -> Mapping[str, int]:
    """Open failed records of each entity."""
    rows = FailedRecord.objects.filter(state=FailedRecord.State.OPEN).order_by().values_list("entity_id")
    return _by_path(dict(rows.annotate(Count("id"))))


def pending_children() -> Mapping[str, int]:
    """Rows of each entity that wait for their parent."""
    return _by_path(dict(PendingChild.objects.order_by().values_list("entity_id").annotate(Count("id"))))


def oldest_pending() -> Mapping[str, float]:
    """Seconds for which the oldest waiting row of each entity waits for its parent; entities without are left out."""
    now = timezone.now()
    rows = PendingChild.objects.order_by().values_list("entity__path").annotate(Min("created_at"))
    declared = {registered.path for registered in registry}
    return {path: (now - since).total_seconds() for path, since in rows if path in declared}


def dead_jobs() -> Mapping[str, int]:
    """Jobs of each entity that are out of tries and not dealt with; those of no entity too."""
    return {registered.path: 0 for registered in registry} | {dead.NONE: 0} | dead.by_module()


def unknown_commands() -> Mapping[str, int]:
    """Commands of each kind of which nobody knows whether they took effect."""
    rows = Command.objects.filter(state=State.UNKNOWN).order_by().values_list("kind").annotate(Count("id"))
    return {one.path: 0 for one in commands.declared()} | dict(rows)


def drift() -> Mapping[tuple[str, str], int]:
    """Columns of each entity's source that changed, by state, acknowledged or not."""
    rows = SourceColumn.objects.exclude(state__in=SourceColumn.AS_EXPECTED).order_by()
    counted = rows.values_list("entity__path", "state").annotate(Count("id"))
    declared = {registered.path for registered in registry}
    states = [state for state in SourceColumn.State.values if state not in SourceColumn.AS_EXPECTED]
    found = {(path, state): 0 for path in declared for state in states}
    return found | {(path, state): number for path, state, number in counted if path in declared}


def _by_path(numbers: Mapping[int, int]) -> dict[str, int]:
    """By public name; a declared entity without any has 0, so that a graph has no gaps."""
    paths = dict(EntityRow.objects.values_list("id", "path"))
    found = {registered.path: 0 for registered in registry}
    for number, count in numbers.items():
        found[paths[number]] = count
    return found
