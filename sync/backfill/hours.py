"""The hours of the day, UTC, in which a backfill may read, and when it will be done if it goes on so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sync.errors import InvalidRequest

LONGEST_DAYS = 3_660
_WRITTEN = re.compile(r"([0-9]{1,2})\s*-\s*([0-9]{1,2})")


@dataclass(frozen=True, slots=True)
class Hours:
    """From the hour `start` up to the hour `end`, past midnight where that is the smaller one."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.start}-{self.end}"

    def open_at(self, moment: datetime) -> bool:
        """Whether a moment lies within them."""
        return any(begin <= moment < end for begin, end in spans(moment.astimezone(UTC).date(), self))


def read_hours(text: str | None) -> Hours | None:
    """`22-6` as hours; None for none or the whole day. Raises InvalidRequest (bad_hours)."""
    if text is None or not text.strip():
        return None
    found = _WRITTEN.fullmatch(text.strip())
    start, end = (int(part) for part in found.groups()) if found else (-1, -1)
    if not (0 <= start <= 23 and 0 <= end <= 24 and start != end):
        message = f"hours is {text[:50]!r}: write two full hours of the day in UTC, such as 22-6 or 8-18."
        raise InvalidRequest(message, code="bad_hours")
    return None if (start, end) == (0, 24) else Hours(start, end)


def spans(day: date, hours: Hours | None) -> Iterator[tuple[datetime, datetime]]:
    """The open times of a UTC day, in order."""
    midnight = datetime.combine(day, time.min, UTC)
    if hours is None:
        parts = [(0, 24)]
    elif hours.start < hours.end:
        parts = [(hours.start, hours.end)]
    else:
        parts = [(0, hours.end), (hours.start, 24)]
    for start, end in parts:
        if start < end:
            yield midnight + timedelta(hours=start), midnight + timedelta(hours=end)


def expected_end(
    now: datetime,
    *,
    rows: int,
    per_day: int | None,
    used_today: int,
    hours: Hours | None,
    per_second: float | None,
) -> datetime | None:
    """When so many rows will be read; None where neither speed nor day's limit is known, or in ten years.

    Without a speed the day alone counts: the moment is the one at which that day's reading begins.
    """
    if per_day is None and per_second is None:
        return None
    for days in range(LONGEST_DAYS):
        room = rows if per_day is None else max(per_day - (0 if days else used_today), 0)
        for opens, closes in spans((now + timedelta(days=days)).date(), hours):
            begin = max(opens, now)
            seconds = (closes - begin).total_seconds()
            if seconds <= 0:
                continue
            fits = min(room, rows if per_second is None else int(per_second * seconds))
            if rows <= fits:
                return begin + timedelta(seconds=rows / per_second if per_second else 0)
            rows, room = rows - fits, room - fits
    return None
