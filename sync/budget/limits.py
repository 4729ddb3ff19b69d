"""The limits of a system: as it is declared, or as a person set them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sync.declare import Budget, RateHeaders
from sync.registry import registry

LEASE = 0.5
"""Seconds in which a grant is used or lost; what the bucket holds is smaller by as much, so the burst is kept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Requests per second, in a burst, at once and a day. None = no limit."""

    rate: float | None = None
    burst: float | None = None
    concurrent: int | None = None
    per_day: int | None = None


def declared(system: str) -> Limits:
    """What the declaration says; no limits for a system that is not declared."""
    budget = _budget(system)
    burst = budget.burst
    if burst is None and budget.per_second is not None:
        burst = usual_burst(budget.per_second)
    return Limits(rate=budget.per_second, burst=burst, concurrent=budget.concurrent, per_day=budget.per_day)


def zone(system: str) -> str:
    """The time zone in which the system's day begins."""
    return _budget(system).zone


MOST: dict[str, int] = {"rate": 10**6, "burst": 10**7, "concurrent": 10**4, "per_day": 10**12}
"""More of it is no limit in earnest, and numbers of that size are mistyped."""


def usual_burst(rate: float) -> float:
    """The requests of two seconds, and never too few for a single one."""
    return max(2 * rate, smallest_burst(rate))


def smallest_burst(rate: float) -> float:
    """A grant may be used half a second late, so less than this would let nothing through."""
    return rate * LEASE + 1


def faults(limits: Limits) -> list[tuple[str, str]]:
    """What is wrong with limits: the field, and a sentence that says why and what would do."""
    found = []
    for name in ("rate", "burst", "concurrent", "per_day"):
        amount = getattr(limits, name)
        if amount is None:
            continue
        if not (amount > 0 and math.isfinite(amount)):
            found.append((name, f"{name} is {amount}: it is more than 0, or null for no limit."))
        elif amount > MOST[name]:
            found.append((name, f"{name} is {amount}: it is at most {MOST[name]:,}, or null for no limit."))
    if found:
        return found
    if limits.burst is not None and limits.rate is None:
        found.append(("burst", "burst needs a rate: without one there is no limit that it could exceed."))
    elif limits.rate is not None and limits.burst is not None and limits.burst < smallest_burst(limits.rate):
        words = (
            f"burst is {limits.burst:g}, too little for {limits.rate:g} requests a second: at least"
            f" {smallest_burst(limits.rate):g}, since what was granted may be used half a second late."
        )
        found.append(("burst", words))
    return found


def is_zone(name: str) -> bool:
    """Whether there is a time zone of that name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True


def rate_headers(system: str) -> RateHeaders | None:
    """Where the system's answers say what is left of its own limit."""
    return next((known.rate_headers for known in registry.systems if known.name == system), None)


def _budget(system: str) -> Budget:
    return next((known.budget for known in registry.systems if known.name == system), Budget())
