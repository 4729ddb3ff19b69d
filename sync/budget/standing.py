"""How each system's budget stands now: what is left of it, and when the jobs that wait may be done."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from sync.budget import limits
from sync.budget.backlog import Backlog, Quota, ends_at
from sync.budget.left import in_force, share, tokens_left, used_on
from sync.budget.limits import Limits
from sync.errors import NotFound
from sync.models import Budget
from sync.queries import query
from sync.registry import registry


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What its answers say of its own limit. None = they do not say."""

    limit: int | None
    left: int | None
    resets_at: datetime | None
    ignored: str | None  # headers that could not be read


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A system's budget."""

    system: str
    limits: Limits
    declared: Limits
    edited: bool = False  # a person set the limits, and the declaration is not followed
    remaining: int | None = None  # requests that may leave at once; None = no rate
    speed: float | None = None  # requests a second, less than the rate after a refusal
    paused_until: datetime | None = None  # Retry-After
    broken_until: datetime | None = None  # it failed many times in a row, and is left alone until then
    failures: int = 0  # in a row
    told: Told | None = None  # of its own limit, until it begins anew
    used_today: int = 0
    under_way: int = 0  # slots that are leased now, of systems that limit requests at once
    backlog: Backlog = field(default_factory=Backlog)


def standing_of(system: str) -> Standing:
    """That of one system. Raises NotFound."""
    for standing in standings():
        if standing.system == system:
            return standing
    known = ", ".join(sorted({standing.system for standing in standings()}))
    raise NotFound(f"There is no system {system[:100]!r}. Known are: {known}.")


def standings() -> list[Standing]:
    """Those of all declared systems, by name."""
    now = datetime.now(UTC)
    rows = {row.system: row for row in Budget.objects.all()}
    leased: dict[str, int] = dict(_rows("busy_slots"))
    backlogs = {system: (jobs, requests) for system, jobs, requests in _rows("budget_backlog")}
    names = sorted(system.name for system in registry.systems)
    return [_standing(name, rows.get(name), leased.get(name, 0), backlogs.get(name), now) for name in names]


def told(row: Budget | None, now: datetime) -> Told | None:
    """What the far end said of its own limit, as long as it holds."""
    if row is None or (row.far_resets_at is not None and row.far_resets_at <= now):
        return None
    if row.far_left is None and row.far_limit is None and row.far_note is None:
        return None
    return Told(limit=row.far_limit, left=row.far_left, resets_at=row.far_resets_at, ignored=row.far_note)


def _standing(
    name: str, row: Budget | None, leased: int, waiting: tuple[int, float] | None, now: datetime
) -> Standing:
    given = in_force(name, row)
    speed = None if given.rate is None else given.rate * share(row, now)
    paused = row.not_before if row and row.not_before and row.not_before > now else None
    broken = row.breaker_until if row and row.breaker != "closed" else None
    begins = max(moment for moment in (now, paused, broken) if moment)
    return Standing(
        system=name,
        limits=given,
        declared=limits.declared(name),
        edited=bool(row and row.edited),
        remaining=tokens_left(name, row, now),
        speed=speed,
        paused_until=paused,
        broken_until=broken,
        failures=row.failures if row else 0,
        told=told(row, now),
        used_today=used_on(name, row, now),
        under_way=leased,
        backlog=_backlog(waiting, begins, speed, _quota(name, row, given, begins)),
    )


def _backlog(
    waiting: tuple[int, float] | None, begins: datetime, speed: float | None, quota: Quota | None
) -> Backlog:
    if waiting is None:
        return Backlog()
    jobs, requests = waiting
    return Backlog(
        jobs=jobs, requests=math.ceil(requests), ends_at=ends_at(requests, begins, speed=speed, quota=quota)
    )


def _quota(name: str, row: Budget | None, given: Limits, moment: datetime) -> Quota | None:
    if given.per_day is None:
        return None
    return Quota(per_day=given.per_day, used=used_on(name, row, moment), zone=limits.zone(name))


def _rows(statement: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query(statement))
        return list(cursor.fetchall())
