"""What a budget's row says now: the limits in force, the requests that are left, the speed."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from sync.budget import limits
from sync.budget.ledger import REGAIN
from sync.budget.limits import LEASE, Limits
from sync.models import Budget
from sync.registry import registry


def remaining() -> dict[str, int]:
    """Requests that may leave at once, of each system with a rate."""
    now = datetime.now(UTC)
    rows = {row.system: row for row in Budget.objects.all()}
    found = {system.name: tokens_left(system.name, rows.get(system.name), now) for system in registry.systems}
    return {name: left for name, left in found.items() if left is not None}


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
    if row.not_before and row.not_before > now:
        return 0
    if row.far_resets_at and row.far_left is not None and row.far_resets_at > now:
        capacity = min(capacity, row.far_left)
    regained = given.rate * share(row, now) * max((now - row.at).total_seconds(), 0)
    return int(min(capacity, row.tokens + regained))


def share(row: Budget | None, now: datetime) -> float:
    """The part of its rate at which a system is asked since its last refusal."""
    if row is None or row.slowed_at is None:
        return 1.0
    return min(1.0, row.factor + REGAIN * max((now - row.slowed_at).total_seconds(), 0))
