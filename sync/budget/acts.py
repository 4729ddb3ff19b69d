"""What people do with budgets: set limits, follow the declaration again, end a pause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

from django.db import transaction
from django.db.models.functions import Now

from sync import audit
from sync.audit import Actor
from sync.budget import limits
from sync.budget.left import in_force
from sync.budget.limits import LEASE, Limits
from sync.budget.standing import standing_of
from sync.errors import Conflict, InvalidRequest
from sync.jobs.put_off import come_forward
from sync.models import Budget
from sync.registry import registry

CHANGEABLE = ("rate", "burst", "concurrent", "per_day")


def edit(
    system: str, changes: Mapping[str, float | int | None], *, by: Actor, reason: str | None = None
) -> None:
    """Set limits of a system for all processes, which follow within a second. A new rate brings its usual burst.

    Raises NotFound and InvalidRequest (bad_budget), with all that is wrong.
    """
    standing_of(system)
    with transaction.atomic():
        row = _locked(system)
        before = in_force(system, row)
        given = dict(changes)
        if "rate" in given and "burst" not in given:
            rate = given["rate"]
            given["burst"] = limits.usual_burst(rate) if isinstance(rate, int | float) and rate > 0 else None
        after = replace(before, **given)  # type: ignore[arg-type]  # the doors have read the numbers
        if wrong := limits.faults(after):
            raise InvalidRequest(" ".join(words for _name, words in wrong), code="bad_budget")
        _write(row, after, edited=True)
        audit.record(
            "budget.edit", "budget", system, by=by, reason=reason, before=asdict(before), after=asdict(after)
        )


def follow(system: str, *, by: Actor, reason: str | None = None) -> None:
    """Take the limits of the declaration again. Raises NotFound, and Conflict where they are in force."""
    standing_of(system)
    with transaction.atomic():
        row = _locked(system)
        if not row.edited:
            raise Conflict(f"The budget of {system} follows its declaration already.")
        before, after = in_force(system, row), limits.declared(system)
        _write(row, after, edited=False)
        audit.record(
            "budget.follow",
            "budget",
            system,
            by=by,
            reason=reason,
            before=asdict(before),
            after=asdict(after),
        )


def resume(system: str, *, by: Actor, reason: str | None = None) -> None:
    """Ask the system again at once and at full speed, whatever it said or however it failed; jobs put off are due.

    Raises NotFound and Conflict.
    """
    standing = standing_of(system)
    if standing.paused_until is None and standing.broken_until is None:
        raise Conflict(f"{system} has not asked for a pause, or it is over, and it is not left alone.")
    with transaction.atomic():
        row = _locked(system)
        before = _halts(row)
        row.not_before = row.slowed_at = row.breaker_until = row.far_left = row.far_resets_at = None
        row.breaker, row.failures, row.trips = "closed", 0, 0
        row.save()
        after = {**_halts(row), "jobs_due": come_forward(system)}
        audit.record("budget.resume", "budget", system, by=by, reason=reason, before=before, after=after)


def write_missing() -> None:
    """Give each declared system its row, also one that was never asked."""
    Budget.objects.bulk_create([_full(system.name) for system in registry.systems], ignore_conflicts=True)


def _halts(row: Budget) -> dict[str, str | None]:
    """What keeps a system from being asked."""
    moments = {"not_before": row.not_before, "slowed_at": row.slowed_at, "breaker_until": row.breaker_until}
    told = {name: None if moment is None else moment.isoformat() for name, moment in moments.items()}
    return {"breaker": row.breaker, **told}


def _locked(system: str) -> Budget:
    Budget.objects.bulk_create([_full(system)], ignore_conflicts=True)
    return Budget.objects.select_for_update().get(pk=system)


def _full(system: str) -> Budget:
    said = limits.declared(system)
    unlimited = float("inf")
    rate, burst = said.rate or unlimited, said.burst or unlimited
    return Budget(
        system=system,
        rate=rate,
        burst=burst,
        tokens=0.0 if said.rate is None else burst - rate * LEASE,
        at=Now(),
        concurrent=said.concurrent,
        day_quota=said.per_day,
    )


def _write(row: Budget, given: Limits, *, edited: bool) -> None:
    unlimited = float("inf")
    row.rate, row.burst = given.rate or unlimited, given.burst or unlimited
    row.concurrent, row.day_quota, row.edited = given.concurrent, given.per_day, edited
    row.save(update_fields=["rate", "burst", "concurrent", "day_quota", "edited"])
