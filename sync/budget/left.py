"""What a budget's row says now: the limits in force, the requests that are left, the speed."""

from __future__ import annotations

import math
from datetime import datetime
from zoneinfo import ZoneInfo

from sync.budget import limits
from sync.budget.ledger import REGAIN
from sync.budget.limits import LEASE, Limits
from sync.models import Budget


def in_force(system: str, row: Budget | None) -> Limits:
    """What a person set, or else what is declared, also before the first request has written it down."""
    if row is None or not row.edited:
        return limits.declared(system)
    paced = math.isfinite(row.rate)
    return Limits(
        rate=row.rate if paced else None,
        burst=row.burst if paced else None,
        concurrent=row.concurrent,
        per_day=row.day_quota,
    )


def tokens_left(name: str, row: Budget | None, now: datetime) -> int | None:
    """Requests that may leave at once; None without a rate."""
    given = in_force(name, row)
    if given.rate is None or given.burst is None:
        return None
    capacity = max(given.burst - given.rate * LEASE, 1)
    if row is None or not math.isfinite(row.rate):
        return int(capacity)
    broken = row.breaker_until if row.breaker != "closed" else None
    if any(moment and moment > now for moment in (row.not_before, broken)):
        return 0
    if given.per_day is not None:
        capacity = min(capacity, max(given.per_day - used_on(name, row, now), 0))
    if row.far_resets_at and row.far_left is not None and row.far_resets_at > now:
        capacity = min(capacity, row.far_left)
    regained = given.rate * share(row, now) * max((now - row.at).total_seconds(), 0)
    return int(min(capacity, row.tokens + regained))


def used_on(name: str, row: Budget | None, moment: datetime) -> int:
    """Requests of the daily quota that are used on the day of this moment, by the system's own zone."""
    day = moment.astimezone(ZoneInfo(limits.zone(name))).date()
    return row.day_used if row is not None and row.day == day else 0


def share(row: Budget | None, now: datetime) -> float:
    """The part of its rate at which a system is asked since its last refusal."""
    if row is None or row.slowed_at is None:
        return 1.0
    return min(1.0, row.factor + REGAIN * max((now - row.slowed_at).total_seconds(), 0))
