"""Declared schedules: defaults, one an entity; what a person edited is kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from sync import schema
from sync.declare import Cron
from sync.jobs import cadence
from sync.models import Schedule
from sync.registry import Registered, registry


def default_schedules() -> None:
    """Make or follow the declared schedules, one an entity, named as it; edited ones are left alone."""
    for registered in registry:
        with transaction.atomic():
            follow(registered)


def follow(registered: Registered) -> None:
    """Make the entity's schedule what its declaration says, unless somebody edited it."""
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
    cadence.plan(schedule, datetime.now(UTC))
    schedule.save()
