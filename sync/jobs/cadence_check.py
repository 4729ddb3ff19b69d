"""What a schedule must be to be kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from sync.errors import InvalidRequest
from sync.jobs.cadence import check_cadence, next_of_cron, next_run
from sync.models import Schedule

MOST_JITTER = timedelta(days=1)
LOOKED_AT = 50
"""Slots of a cron expression."""
LOOKED_FOR = timedelta(days=5 * 365)


def check(schedule: Schedule) -> None:
    """Raise InvalidRequest unless it can be read and comes round: bad_schedule, never_fires."""
    check_cadence(schedule.cron, schedule.every, schedule.zone)
    gap = _shortest_gap(schedule)
    if not timedelta(0) <= schedule.jitter <= MOST_JITTER:
        raise _bad("Jitter is from 0 to 24 hours.")
    if schedule.jitter >= gap:
        raise _bad(f"Jitter is shorter than the time from run to run, which is {gap} here.")
    if schedule.missed not in Schedule.Missed.values:
        raise _bad(f"`missed` is {schedule.missed!r}: write one of {', '.join(Schedule.Missed.values)}.")
    if schedule.overlap not in Schedule.Overlap.values:
        raise _bad(f"`overlap` is {schedule.overlap!r}: write one of {', '.join(Schedule.Overlap.values)}.")
    if (schedule.missed, schedule.overlap) == (Schedule.Missed.ALL, Schedule.Overlap.SKIP):
        raise _bad(
            "Runs that were all missed can't be made up for where overlapping ones are skipped: wait or allow."
        )


def _shortest_gap(schedule: Schedule) -> timedelta:
    """From one of the coming slots to the next: those of 3 and 4 o'clock are an hour apart, also at noon."""
    if schedule.every is not None:
        return schedule.every
    first = next_run(schedule, datetime.now(UTC))
    moments = [first, next_run(schedule, first)]
    # Beyond five years a leap day may be left out, and what never fires is told by the first two.
    while len(moments) < LOOKED_AT and moments[-1] < first + LOOKED_FOR:
        moments.append(next_run(schedule, moments[-1]))
    return min(later - sooner for sooner, later in pairwise(moments))


def problem_of_cron(expression: str, zone: str) -> str | None:
    """Why a cron expression is no good, in words; None where it is."""
    try:
        check_cadence(expression, None, zone)
        next_of_cron(expression, zone, datetime.now(UTC))
    except InvalidRequest as error:
        return error.message
    return None


def _bad(message: str) -> InvalidRequest:
    return InvalidRequest(message, code="bad_schedule")
