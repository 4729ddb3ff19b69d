"""Which slots of a schedule have come, however long nobody looked."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from sync.jobs.cadence import jittered, next_run
from sync.models import Schedule

MOST_OWED = 24
"""Missed slots that are made up for at most, the newest."""
_BACK = (1, 6, 24, 24 * 7, 24 * 31, 24 * 366)  # hours: how far back the newest slots are looked for


def passed(schedule: Schedule, slot: datetime, now: datetime) -> list[datetime]:
    """The slots from `slot` on whose moment has come, oldest first: the newest MOST_OWED of them."""
    found = deque(_until(schedule, _near(schedule, slot, now), now), MOST_OWED)
    return [moment for moment in found if jittered(schedule, moment) <= now]


def _until(schedule: Schedule, slot: datetime, now: datetime) -> Iterator[datetime]:
    """This slot and those after it, as long as they are not ahead."""
    while slot <= now:
        yield slot
        slot = next_run(schedule, slot, slot=slot)


def _near(schedule: Schedule, slot: datetime, now: datetime) -> datetime:
    """A slot to step on from: who was away for a year does not go through it minute by minute."""
    if schedule.every is not None:
        return slot + max((now - slot) // schedule.every - MOST_OWED, 0) * schedule.every
    for hours in _BACK:
        if (start := now - timedelta(hours=hours)) <= slot:
            break
        first = next_run(schedule, start)
        if len(list(islice(_until(schedule, first, now), MOST_OWED))) == MOST_OWED:
            return first
    return slot
