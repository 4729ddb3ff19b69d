"""When a schedule is due next: an interval, or a cron expression in a time zone."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter

from sync.errors import InvalidRequest
from sync.models import Schedule

SHORTEST = timedelta(seconds=1)


def next_run(schedule: Schedule, after: datetime, *, slot: datetime | None = None) -> datetime:
    """The first moment after `after`; an interval keeps the step of `slot`.

    Raises InvalidRequest (bad_schedule).
    """
    check(cron=schedule.cron, every=schedule.every, zone=schedule.zone)
    if schedule.cron:
        local = after.astimezone(ZoneInfo(schedule.zone))
        found: datetime = croniter(schedule.cron, local).get_next(datetime)
        return found.astimezone(UTC)
    assert schedule.every is not None
    start = slot or after
    steps = max((after - start) // schedule.every + 1, 1)
    return start + steps * schedule.every


def next_runs(schedule: Schedule, count: int = 5) -> list[datetime]:
    """The coming moments, without jitter; none where it is off."""
    if not schedule.enabled:
        return []
    moments = [schedule.next_run_at or next_run(schedule, datetime.now(UTC))]
    while len(moments) < count:
        moments.append(next_run(schedule, moments[-1], slot=moments[-1]))
    return moments


def jittered(schedule: Schedule, moment: datetime) -> datetime:
    """The moment, late by chance up to the schedule's jitter, so that far ends are not all asked at once."""
    most = schedule.jitter.total_seconds() if isinstance(schedule.jitter, timedelta) else 0.0
    return moment + timedelta(seconds=random.uniform(0, most)) if most else moment  # noqa: S311 - no secret


def check(*, cron: str | None, every: timedelta | None, zone: str) -> None:
    """Raise InvalidRequest (bad_schedule) unless this is one cadence, readable, in a known zone."""
    if bool(cron) == bool(every):
        raise _bad("Give either a cron expression or an interval.")
    if every is not None and every < SHORTEST:
        raise _bad("An interval is at least one second.")
    if cron and not (len(cron.split()) == 5 and croniter.is_valid(cron)):
        raise _bad(f"{cron!r} is not a cron expression: write five fields, such as 0 3 * * *.")
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise _bad(f"There is no time zone {zone!r}: write one such as Europe/Berlin.") from None


def _bad(message: str) -> InvalidRequest:
    return InvalidRequest(message, code="bad_schedule")
