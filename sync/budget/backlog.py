"""When the jobs that wait for a system may be done: an estimate, by its rate, its daily quota and what halts it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, kw_only=True, slots=True)
class Backlog:
    """The jobs that wait for a system. `requests` and `ends_at` are estimates, from what such jobs took lately."""

    jobs: int = 0
    requests: int = 0
    ends_at: datetime | None = (
        None  # None where nothing waits, or neither rate nor quota says how long it takes
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Quota:
    """The requests of a day; `used` are those of the day of `zone` in which the work begins."""

    per_day: int
    used: int
    zone: str


def ends_at(
    requests: float, begins: datetime, *, speed: float | None, quota: Quota | None
) -> datetime | None:
    """When so many requests are done; `speed` is in requests a second, None where there is no rate.

    None also where that is beyond all calendars.
    """
    try:
        return _latest(requests, begins, speed, quota)
    except OverflowError:
        return None


def _latest(requests: float, begins: datetime, speed: float | None, quota: Quota | None) -> datetime | None:
    moments = []
    if speed:
        moments.append(begins + timedelta(seconds=requests / speed))
    if quota is not None:
        moments.append(_by_quota(requests, begins, speed, quota))
    return max(moments, default=None)


def _by_quota(requests: float, begins: datetime, speed: float | None, quota: Quota) -> datetime:
    """What exceeds a day's quota waits for the next midnight of its zone, and so on."""
    beyond = requests - max(quota.per_day - quota.used, 0)
    if beyond <= 0:
        return begins
    days = math.ceil(beyond / quota.per_day)
    last = beyond - (days - 1) * quota.per_day
    zone = ZoneInfo(quota.zone)
    midnight = datetime.combine(begins.astimezone(zone).date() + timedelta(days=days), time(), zone)
    return midnight.astimezone(UTC) + timedelta(seconds=last / speed if speed else 0)
