"""When a system may be asked again: its Retry-After, a row that all processes obey."""

from __future__ import annotations

import threading
import time
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
LOOK_EVERY = 0.1
"""Seconds for which an open gate is taken to be open: a read of many pages is not slowed by a query each."""


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

    def __init__(self) -> None:
        self._open_at: dict[str, float] = {}  # when each gate was last seen open

    def remaining(self, system: str) -> float:
        """Seconds until it may be asked; one query at most every tenth of a second."""
        now = time.monotonic()
        if now - self._open_at.get(system, -LOOK_EVERY) < LOOK_EVERY:
            return 0.0
        seconds = self._look(system)
        if not seconds:
            self._open_at[system] = now
        return seconds

    def _look(self, system: str) -> float:
        rest = ExpressionWrapper(F("not_before") - Now(), output_field=DurationField())
        closed = Budget.objects.filter(system=system, not_before__gt=Now()).values_list(rest)
        found: tuple[timedelta] | None = closed.first()
        return found[0].total_seconds() if found else 0.0

    def hold_off(self, system: str, seconds: float) -> None:
        """Write it at once, also where a transaction is open: the others must see it now."""
        self._open_at.pop(system, None)
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
