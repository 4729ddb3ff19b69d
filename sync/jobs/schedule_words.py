"""What is told of a schedule: which it is, where it comes from, what is wrong with it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sync.errors import BridgeError, NotFound
from sync.jobs import cadence, kinds
from sync.models import Schedule
from sync.registry import registry

WHEN = ("cron", "every", "zone", "jitter")
CHANGEABLE = ("enabled", *WHEN, "missed", "overlap", "params")


def find(named: str) -> Schedule:
    """The schedule of an id or a name. Raises NotFound."""
    rows = Schedule.objects.select_related("entity")
    number = int(named) if named.isascii() and named.isdigit() and len(named) < 19 else None
    # By the number first: rows that older code let be called like another's id must not hide that one.
    found = rows.filter(pk=number).first() if number is not None else None
    found = found or rows.filter(name=named).first()
    if found is None:
        raise NotFound(f"There is no schedule {named[:100]!r}: `bridge schedules` lists them.")
    return found


def origin(schedule: Schedule) -> str:
    """`declared`, `edited` (declared, and left alone since) or `added` by a person, for no entity's own."""
    if schedule.name not in registry:
        return "added"
    return "edited" if schedule.edited else "declared"


def trouble(schedule: Schedule) -> str | None:
    """Why it asks for nothing though it is on, or would not if it were; in words."""
    try:
        cadence.next_run(schedule, datetime.now(UTC))
        kinds.kind_of(schedule.kind)
        if schedule.entity is not None:
            registry.find(schedule.entity.path)
    except BridgeError as error:
        return error.message
    return None


def told(schedule: Schedule) -> dict[str, Any]:
    """What may be changed, as the audit keeps it; times in seconds."""
    every = None if schedule.every is None else schedule.every.total_seconds()
    plain = {name: getattr(schedule, name) for name in CHANGEABLE}
    return {**plain, "every": every, "jitter": schedule.jitter.total_seconds()}
