"""What a schedule must be to be kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sync.errors import InvalidRequest
from sync.jobs.cadence import check_cadence, next_of_cron, next_run
from sync.models import Schedule

MOST_JITTER = timedelta(days=1)


def check(schedule: Schedule) -> None:
    """Raise InvalidRequest unless it can be read and comes round: bad_schedule, never_fires."""
    check_cadence(schedule.cron, schedule.every, schedule.zone)
    now = datetime.now(UTC)
    first = next_run(schedule, now)
    gap = next_run(schedule, first, slot=first) - first
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
