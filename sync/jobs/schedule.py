"""Schedules: declared ones as defaults, edits kept; a tick asks for what is due, once over all workers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q

from sync import schema
from sync.declare import Cron
from sync.errors import BridgeError
from sync.jobs import cadence, parked
from sync.jobs.enqueue import UNFINISHED, enqueue
from sync.jobs.priorities import BATCH
from sync.models import Job, Schedule
from sync.registry import Registered, registry

log = structlog.get_logger(__name__)


def default_schedules() -> None:
    """Make or follow the declared schedules, one an entity, named as it; edited ones are left alone."""
    for registered in registry:
        with transaction.atomic():
            _follow(registered)


def tick(now: datetime | None = None) -> list[Job]:
    """Ask for the work of every schedule that is due; the new jobs. Two ticks at once share the work."""
    moment = now or datetime.now(UTC)
    due = Schedule.objects.filter(Q(next_run_at=None) | Q(next_run_at__lte=moment), enabled=True)
    ids = list(due.order_by("next_run_at").values_list("pk", flat=True))
    return [job for pk in ids if (job := _run_due(pk, moment))]


def _follow(registered: Registered) -> None:
    declared = registered.entity.schedule
    kept = Schedule.objects.select_for_update().filter(name=registered.path).first()
    if kept is not None and kept.edited:
        return
    if declared is None:
        if kept is not None:
            kept.delete()
        return
    wanted: dict[str, Any] = {"params": {"full": True} if declared.full else {}}
    if isinstance(declared, Cron):
        wanted |= {"cron": declared.expression, "zone": declared.zone, "every": None}
    else:
        wanted |= {"cron": None, "zone": "UTC", "every": declared.interval}
    if kept is not None and all(getattr(kept, name) == value for name, value in wanted.items()):
        return
    number = schema.entity_id(registered.path)
    schedule = kept or Schedule(name=registered.path, kind="sync", entity_id=number)
    for name, value in wanted.items():
        setattr(schedule, name, value)
    schedule.next_run_at = cadence.next_run(schedule, datetime.now(UTC))
    schedule.save()


def _run_due(pk: int, now: datetime) -> Job | None:
    with transaction.atomic():
        due = Schedule.objects.select_for_update(skip_locked=True, of=("self",)).select_related("entity")
        schedule = due.filter(Q(next_run_at=None) | Q(next_run_at__lte=now), pk=pk, enabled=True).first()
        if schedule is None:
            return None  # another worker's tick has it
        slot = schedule.next_run_at
        try:
            following = cadence.next_run(schedule, now, slot=slot)
        except BridgeError as error:
            _switch_off(schedule, error)
            return None
        job = _ask(schedule, slot, now) if slot else None  # just edited: it only learns its next moment
        # However many slots were missed, one run makes up for them: the next lies in the future.
        schedule.next_run_at = cadence.jittered(schedule, following)
        schedule.save(update_fields=["next_run_at", "last_run_at"])
    return job


def _ask(schedule: Schedule, slot: datetime, now: datetime) -> Job | None:
    """The job of one slot; None where the last one is not done yet, or the entity is gone.

    A last job that is parked is tried again in place of a new one.
    """
    name = f"schedule:{schedule.name}"
    unfinished = Job.objects.filter(entity_id=schedule.entity_id, status__in=UNFINISHED, requested_by=name)
    if schedule.overlap == "skip" and (last := unfinished.first()):
        if not parked.release(last.pk, by=name):
            log.info("schedule_skipped", schedule=schedule.name, reason="its last job is not done")
        return None
    entity = None
    if schedule.entity is not None:
        if schedule.entity.path not in registry:
            return None
        entity = registry.find(schedule.entity.path)
    schedule.last_run_at = now
    dedup = f"schedule:{schedule.pk}:{slot.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    wanted = enqueue(
        schedule.kind, entity=entity, params=schedule.params, priority=BATCH, dedup=dedup, requested_by=name
    )
    return wanted.job if wanted.created else None


def _switch_off(schedule: Schedule, error: BridgeError) -> None:
    """A cadence that can't be read would be tried for ever."""
    log.error("schedule_switched_off", schedule=schedule.name, code=error.code, reason=error.message)
    schedule.enabled = False
    schedule.save(update_fields=["enabled"])
