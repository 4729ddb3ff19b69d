"""Schedules: a tick asks for what is due, once over all workers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q

from sync import asked
from sync.errors import BridgeError, InvalidRequest
from sync.jobs import cadence, parked, slots
from sync.jobs.enqueue import UNFINISHED
from sync.jobs.priorities import BATCH
from sync.models import Job, Schedule
from sync.registry import registry

log = structlog.get_logger(__name__)

ON_TIME = timedelta(minutes=1)
"""Up to so late a slot is no missed one: workers look every few seconds, busy machines less often."""
_told: set[tuple[int, str]] = (
    set()
)  # schedules that this process can't serve: said once, not every five seconds


def tick(now: datetime | None = None) -> list[Job]:
    """Ask for the work of every schedule that is due; the new jobs. Two ticks at once share the work."""
    moment = now or datetime.now(UTC)
    ids = list(_due(moment).order_by("next_run_at").values_list("pk", flat=True))
    return [job for pk in ids for job in _tick_one(pk, moment)]


def last_unfinished(schedule: Schedule) -> Job | None:
    """The last job that it asked for, if that is not done."""
    if schedule.last_job is None:
        return None
    return Job.objects.filter(pk=schedule.last_job, status__in=UNFINISHED).first()


def ask(schedule: Schedule, *, dedup: str, priority: int, by: str) -> Job | None:
    """Ask for its work and keep the job as its last; None where the same work is under way already.

    Raises UnknownEntity, ConfigError (not_migrated) and InvalidRequest (unknown_kind).
    """
    entity = None if schedule.entity is None else registry.find(schedule.entity.path)
    wanted = asked.ask(
        schedule.kind, entity, schedule.params, dedup=dedup, priority=priority, requested_by=by
    )
    schedule.last_job = wanted.job.pk
    return wanted.job if wanted.created else None


def _due(now: datetime) -> Any:
    moment = Q(next_run_at=None) | Q(next_run_at__lte=now) | ~Q(owed=[])
    return Schedule.objects.filter(moment, enabled=True)


def _tick_one(pk: int, now: datetime) -> list[Job]:
    try:
        with transaction.atomic():
            schedule = _due(now).select_for_update(skip_locked=True, of=("self",)).filter(pk=pk).first()
            return [] if schedule is None else _run_due(schedule, now)  # None: another worker's tick has it
    except BridgeError as error:
        # No such kind or entity here: one of newer code may know it, so the slot stays due.
        if (pk, error.code) not in _told:
            _told.add((pk, error.code))
            log.warning("schedule_not_served", schedule=pk, code=error.code, reason=error.message)
    except Exception:  # whatever is wrong with one, those behind it must go on
        log.exception("schedule_failed", schedule=pk)
    return []


def _run_due(schedule: Schedule, now: datetime) -> list[Job]:
    try:
        due = _take_slots(schedule, now)
    except InvalidRequest as error:
        return _switch_off(schedule, error)
    jobs = _pay(schedule, now, new=due) if schedule.owed else []
    schedule.save(update_fields=["slot_at", "next_run_at", "last_run_at", "last_job", "owed"])
    return jobs


def _take_slots(schedule: Schedule, now: datetime) -> bool:
    """Move the slots that have come to those it owes a run, as its policy says; whether any came."""
    slot = cadence.slot_of(schedule)
    if slot is None:  # just edited: it only learns its next moment
        cadence.plan(schedule, now)
        return False
    passed = slots.passed(schedule, slot, now)
    if not passed:
        return False
    cadence.plan(schedule, passed[-1], slot=passed[-1])
    every = schedule.missed == Schedule.Missed.ALL
    if schedule.missed == Schedule.Missed.SKIP and now - cadence.jittered(schedule, passed[-1]) > ON_TIME:
        log.info("schedule_missed", schedule=schedule.name, slot=passed[-1].isoformat())
        return False
    owed = [*schedule.owed, *(passed if every else passed[-1:])]
    schedule.owed = owed[-slots.MOST_OWED if every else -1 :]
    return True


def _pay(schedule: Schedule, now: datetime, *, new: bool) -> list[Job]:
    """Ask for the runs that it owes, as far as the last job lets them; a parked one is tried again instead."""
    overlap = Schedule.Overlap(schedule.overlap)
    if overlap is not overlap.ALLOW and (last := last_unfinished(schedule)):
        if not (new and parked.release(last.pk, by=_name(schedule))) and overlap is overlap.SKIP:
            log.info("schedule_skipped", schedule=schedule.name, reason="its last job is not done")
        if overlap is overlap.SKIP:
            schedule.owed = []
        return []
    paid = schedule.owed if overlap is overlap.ALLOW else schedule.owed[:1]
    schedule.owed = schedule.owed[len(paid) :]
    schedule.last_run_at = now
    jobs = [ask(schedule, dedup=_dedup(schedule, slot), priority=BATCH, by=_name(schedule)) for slot in paid]
    return [job for job in jobs if job is not None]


def _name(schedule: Schedule) -> str:
    return f"schedule:{schedule.name}"


def _dedup(schedule: Schedule, slot: datetime) -> str:
    return f"schedule:{schedule.pk}:{slot.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def _switch_off(schedule: Schedule, error: BridgeError) -> list[Job]:
    """A cadence that can't be read would be tried for ever."""
    log.error("schedule_switched_off", schedule=schedule.name, code=error.code, reason=error.message)
    schedule.enabled = False
    schedule.save(update_fields=["enabled"])
    return []
