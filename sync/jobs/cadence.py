"""When a schedule is due: the slots of an interval, or of a cron expression in a time zone."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import CroniterBadDateError, croniter

from sync.errors import InvalidRequest
from sync.models import Schedule

SHORTEST = timedelta(seconds=1)
YEARS = 5
LONGEST = timedelta(days=366 * YEARS)
"""What does not come round within it is said to never fire."""
_RANDOM = re.compile(r"(?i)(?<![a-z])[rh](?![a-z])")  # croniter's own: another moment at each look


def next_run(schedule: Schedule, after: datetime, *, slot: datetime | None = None) -> datetime:
    """The first slot after `after`; an interval keeps the step of `slot`.

    Raises InvalidRequest (bad_schedule, never_fires).
    """
    check_cadence(schedule.cron, schedule.every, schedule.zone)
    if schedule.cron:
        return next_of_cron(schedule.cron, schedule.zone, after)
    assert schedule.every is not None
    start = slot or after
    steps = max((after - start) // schedule.every + 1, 1)
    return start + steps * schedule.every


def next_runs(schedule: Schedule, count: int = 5) -> list[datetime]:
    """The coming slots, without jitter; none where it is off or cannot be read."""
    if not schedule.enabled:
        return []
    try:
        moments = [slot_of(schedule) or next_run(schedule, datetime.now(UTC))]
        while len(moments) < count:
            moments.append(next_run(schedule, moments[-1], slot=moments[-1]))
    except InvalidRequest:
        return []
    return moments


def plan(schedule: Schedule, after: datetime, *, slot: datetime | None = None) -> None:
    """Set the schedule's next slot after `after`, and the moment at which it is due. Raises InvalidRequest."""
    schedule.slot_at = next_run(schedule, after, slot=slot)
    schedule.next_run_at = jittered(schedule, schedule.slot_at)


def slot_of(schedule: Schedule) -> datetime | None:
    """The exact slot for which it is due next; a due moment that was set by hand is a slot of its own."""
    slot, due = schedule.slot_at, schedule.next_run_at
    if slot is not None and due is not None and slot <= due <= slot + schedule.jitter:
        return slot
    return due


def jittered(schedule: Schedule, slot: datetime) -> datetime:
    """The slot, late by up to the schedule's jitter, so that far ends are not all asked at once.

    The same for the same slot, whoever asks: the slots themselves never drift.
    """
    if not schedule.jitter:
        return slot
    seed = f"{schedule.name}:{slot.astimezone(UTC).isoformat()}".encode()
    number = int.from_bytes(hashlib.blake2s(seed, digest_size=8).digest())
    return slot + schedule.jitter * (number / 2**64)


def next_of_cron(expression: str, zone: str, after: datetime) -> datetime:
    moment = after.astimezone(ZoneInfo(zone))
    while True:
        try:
            found: datetime = croniter(expression, moment, max_years_between_matches=YEARS).get_next(datetime)
        except CroniterBadDateError:
            message = f"{expression!r} never fires: no such day comes within {YEARS} years."
            raise InvalidRequest(message, code="never_fires") from None
        moment = found.astimezone(UTC).astimezone(ZoneInfo(zone))
        # Where clocks are set back an hour comes twice; work at a fixed hour is done once.
        if not moment.fold or expression.split()[1].startswith("*"):
            return moment.astimezone(UTC)


def check_cadence(cron: str | None, every: timedelta | None, zone: str) -> None:
    if bool(cron) == bool(every):
        raise _bad("Give either a cron expression or an interval.")
    if every is not None and every < SHORTEST:
        raise _bad("An interval is at least one second.")
    if every is not None and every > LONGEST:
        raise InvalidRequest(f"An interval is at most {YEARS} years.", code="never_fires")
    if cron and not (len(cron.split()) == 5 and not _RANDOM.search(cron) and croniter.is_valid(cron)):
        raise _bad(f"{cron!r} is not a cron expression: write five fields, such as 0 3 * * *.")
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise _bad(f"There is no time zone {zone!r}: write one such as Europe/Berlin.") from None


def _bad(message: str) -> InvalidRequest:
    return InvalidRequest(message, code="bad_schedule")
