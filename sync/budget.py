"""When a system may be asked again: its Retry-After, a row that all processes obey."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from django.db import connection, connections
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Value
from django.db.models.functions import Greatest, Now
from django.utils import timezone

from sync.models import Budget
from sync.registry import registry

UNLIMITED = float("inf")


class Gate(Protocol):
    """Says whether a system may be asked now."""

    def remaining(self, system: str) -> float:
        """Seconds until it may be asked; 0 = now."""
        ...

    def hold_off(self, system: str, seconds: float) -> None:
        """Nobody asks it for so many seconds."""
        ...


class SharedGate:
    """The gate in the database, by the database's clock: what one process is told, all obey."""

    def remaining(self, system: str) -> float:
        """Seconds until it may be asked; one query."""
        rest = ExpressionWrapper(F("not_before") - Now(), output_field=DurationField())
        closed = Budget.objects.filter(system=system, not_before__gt=Now()).values_list(rest)
        found: tuple[timedelta] | None = closed.first()
        return found[0].total_seconds() if found else 0.0

    def hold_off(self, system: str, seconds: float) -> None:
        """Write it at once, also where a transaction is open: the others must see it now."""
        _committed(lambda: _hold_off(system, timedelta(seconds=seconds)))


def _hold_off(system: str, wait: timedelta) -> None:
    declared = next((known.budget for known in registry.systems if known.name == system), None)
    rate = (declared.per_second if declared else None) or UNLIMITED
    row = Budget(system=system, rate=rate, burst=rate, tokens=rate, at=timezone.now())
    Budget.objects.bulk_create([row], ignore_conflicts=True)
    until = ExpressionWrapper(Now() + Value(wait, DurationField()), output_field=DateTimeField())
    # GREATEST passes over a null, and a shorter wait never undoes a longer one.
    Budget.objects.filter(system=system).update(not_before=Greatest(F("not_before"), until))


def _committed(write: Callable[[], None]) -> None:
    if not connection.in_atomic_block:
        write()
        return
    failed: list[BaseException] = []

    def on_own_connection() -> None:
        try:
            write()
        except BaseException as error:  # raised again below, on the caller's thread
            failed.append(error)
        finally:
            connections.close_all()

    # A thread has connections of its own: this one commits while the caller's transaction stays open.
    thread = threading.Thread(target=on_own_connection, name="hold-off")
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
