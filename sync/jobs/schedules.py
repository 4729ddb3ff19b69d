"""What people do with schedules: one set of acts for API, admin and shell, each audited in the same commit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from sync import asked, audit, schema
from sync.audit import Actor
from sync.errors import Conflict, InvalidRequest, NotFound
from sync.jobs import cadence, declared_schedules
from sync.jobs import schedule as engine
from sync.jobs.cadence_check import check
from sync.jobs.priorities import COMMAND
from sync.jobs.schedule_words import CHANGEABLE, WHEN, origin, told
from sync.models import Job, Schedule
from sync.registry import registry

_NAME = re.compile(r"(?![0-9]+$)[A-Za-z0-9][A-Za-z0-9_. -]{0,99}")  # a number alone is an id


def create(
    name: str, *, kind: str, entity: str, changes: Mapping[str, Any], by: Actor, reason: str | None = None
) -> Schedule:
    """Add a schedule of a person's own.

    Raises InvalidRequest (bad_schedule, never_fires, not_askable, unknown_field …), UnknownEntity, Conflict.
    """
    schedule = planned(name, kind=kind, entity=entity, changes=changes)
    with transaction.atomic():
        if Schedule.objects.filter(name=schedule.name).exists():
            raise Conflict(f"There is a schedule {schedule.name!r} already: edit that one.")
        schedule.save(force_insert=True)
        _record("create", schedule, by, reason, after={"kind": kind, "entity": entity, **told(schedule)})
    return schedule


def planned(name: str, *, kind: str, entity: str, changes: Mapping[str, Any]) -> Schedule:
    """What `create` would add, not saved. Raises what `create` raises."""
    registered = registry.find(entity)
    name = name.strip()
    if not _NAME.fullmatch(name):
        raise _bad(
            "A name is 1 to 100 letters, digits, blanks and _ . -, begins with a letter or digit and is no number."
        )
    if name in registry:
        raise _bad(f"{name} is the name of a declared schedule: edit that one, or choose another name.")
    number = schema.entity_id(registered.path)
    schedule = Schedule(name=name, kind=kind, entity_id=number, edited=True)
    _lay(schedule, changes)
    schedule.params = asked.params_of(kind, registered, schedule.params)
    check(schedule)
    cadence.plan(schedule, datetime.now(UTC))
    return schedule


def edit(schedule_id: int, changes: Mapping[str, Any], *, by: Actor, reason: str | None = None) -> Schedule:
    """Change what is given of CHANGEABLE; it is left alone by its declaration from then on.

    Its slots count anew from now where their cadence changed, or where it was off.
    Raises NotFound, InvalidRequest.
    """
    with transaction.atomic():
        schedule = _lock(schedule_id)
        before = told(schedule)
        _lay(schedule, changes)
        if told(schedule) == before:
            return schedule
        if "params" in changes:
            of = None if schedule.entity is None else registry.find(schedule.entity.path)
            schedule.params = asked.params_of(schedule.kind, of, schedule.params)
        _plan_anew(schedule, before)
        schedule.edited = True
        schedule.save()
        _record("edit", schedule, by, reason, before=before, after=told(schedule))
    return schedule


def switch(schedule_id: int, *, on: bool, by: Actor, reason: str | None = None) -> Schedule:
    """Let it run, or not. Raises NotFound, Conflict where it is so already, InvalidRequest (never_fires)."""
    with transaction.atomic():
        schedule = _lock(schedule_id)
        if schedule.enabled == on:
            raise Conflict(f"{schedule.name} is {'on' if on else 'off'} already.")
        return edit(schedule_id, {"enabled": on}, by=by, reason=reason)


def delete(schedule_id: int, *, by: Actor, reason: str | None = None) -> None:
    """Remove a schedule that somebody added. Raises NotFound, and Conflict for a declared one."""
    with transaction.atomic():
        schedule = _lock(schedule_id)
        if origin(schedule) != "added":
            raise Conflict(f"{schedule.name} is declared and would come back: switch it off instead.")
        before = {"name": schedule.name, "kind": schedule.kind, **told(schedule)}
        _record("delete", schedule, by, reason, before=before)
        schedule.delete()


def reset(schedule_id: int, *, by: Actor, reason: str | None = None) -> None:
    """Let an edited schedule be what its declaration says; where that says none, it goes.

    Raises NotFound, and Conflict for one that is not edited, or that somebody added.
    """
    with transaction.atomic():
        schedule = _lock(schedule_id)
        if origin(schedule) != "edited":
            raise Conflict(f"{schedule.name} is {origin(schedule)}: only an edited one can be reset.")
        before = told(schedule)
        plain = Schedule(name=schedule.name)
        for name in ("enabled", "jitter", "missed", "overlap"):
            setattr(schedule, name, getattr(plain, name))
        schedule.edited, schedule.owed = False, []
        schedule.save()
        declared_schedules.follow(registry.find(schedule.name))
        kept = Schedule.objects.filter(pk=schedule_id).first()
        if kept is not None:
            cadence.plan(kept, datetime.now(UTC))
            kept.save()
        _record("reset", schedule, by, reason, before=before, after=None if kept is None else told(kept))


def run_now(schedule_id: int, *, by: Actor, reason: str | None = None) -> Job:
    """Ask for its work at once, beside its slots.

    Raises NotFound, and Conflict where its last job, or the same work, is not done and runs may not overlap.
    """
    with transaction.atomic():
        schedule = _lock(schedule_id)
        last = engine.last_unfinished(schedule)
        if last is not None and schedule.overlap != Schedule.Overlap.ALLOW:
            raise Conflict(f"Its last job {last.pk} is not done: wait for it, or cancel it.")
        dedup = f"schedule:{schedule.pk}:now"
        job = engine.ask(schedule, dedup=dedup, priority=COMMAND, by=by.name)
        if job is None:
            raise Conflict(f"The same work is under way as job {schedule.last_job}: wait for its end.")
        schedule.last_run_at = datetime.now(UTC)
        schedule.save(update_fields=["last_job", "last_run_at"])
        _record("run", schedule, by, reason, after={"job": str(job.pk)})
    return job


def _lay(schedule: Schedule, changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        if name not in CHANGEABLE:
            raise InvalidRequest(f"{name!r} of a schedule can't be changed.", code="unknown_field")
        setattr(schedule, name, value)
    # Who gives the one without the other means it instead of the other.
    if changes.get("cron") and "every" not in changes:
        schedule.every = None
    if changes.get("every") and "cron" not in changes:
        schedule.cron = None


def _plan_anew(schedule: Schedule, before: Mapping[str, Any]) -> None:
    after = told(schedule)
    if not schedule.enabled or schedule.overlap == Schedule.Overlap.SKIP:
        schedule.owed = []
    if not schedule.enabled and all(after[name] == before[name] for name in after if name != "enabled"):
        return  # one that can't be read can still be switched off
    check(schedule)
    if any(after[name] != before[name] for name in (*WHEN, "enabled")):
        cadence.plan(schedule, datetime.now(UTC))


def _lock(schedule_id: int) -> Schedule:
    rows = Schedule.objects.select_for_update(of=("self",)).select_related("entity")
    schedule = rows.filter(pk=schedule_id).first()
    if schedule is None:
        raise NotFound(f"There is no schedule {schedule_id}.")
    return schedule


def _record(
    act: str,
    schedule: Schedule,
    by: Actor,
    reason: str | None,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    audit.record(
        f"schedule.{act}", "schedule", str(schedule.pk), by=by, reason=reason, before=before, after=after
    )


def _bad(message: str) -> InvalidRequest:
    return InvalidRequest(message, code="bad_schedule")
