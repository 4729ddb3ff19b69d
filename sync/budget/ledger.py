"""The budget's own line to the database: one autocommit connection a process, whatever transaction is open.

A grant inside somebody's transaction would hold the row until its end, and be undone with it.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import psycopg
import structlog
from django.db import OperationalError
from psycopg.rows import namedtuple_row

from sync.budget import limits
from sync.budget.limits import LEASE
from sync.direct import direct_parameters
from sync.outbound.rates import Rate
from sync.queries import query

log = structlog.get_logger(__name__)

REGAIN = 0.05
"""Share of the rate that comes back each second after a refusal."""
SLOWDOWN = 0.5
SLOWEST = 0.05
SLOT_LEASE = 15.0
"""Seconds after which the slots of a process that was killed are free."""
FAILURES = 10
"""In a row, over all processes: then the far end is left alone."""
OPENED = 30.0
LONGEST_OPENED = 300.0
"""Seconds: the first time, and at most, since each probe that fails doubles them."""
PROBE = 10.0
"""Seconds after which another process may probe: the one before may have been killed."""
_TUNING = {
    "enough": FAILURES,
    "opened": OPENED,
    "longest": LONGEST_OPENED,
    "probe": PROBE,
    "lease": LEASE,
    "regain": REGAIN,
    "slowdown": SLOWDOWN,
    "slowest": SLOWEST,
}


class Ledger:
    """The statements on budgets and their slots. Raises Django's OperationalError where the database is away."""

    def __init__(self) -> None:
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:12]}"
        self.used_at = 0.0  # monotonic
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None

    def declare(self, system: str) -> None:
        """Let the row follow the declaration; a system without limits needs none."""
        said = limits.declared(system)
        unlimited = float("inf")
        values = {
            "rate": said.rate or unlimited,
            "burst": said.burst or unlimited,
            "tokens": 0.0 if said.rate is None else (said.burst or 0) - said.rate * LEASE,
            "per_day": said.per_day,
            "concurrent": said.concurrent,
        }
        self._run("declare_budget", system=system, **values)

    def look(self, system: str) -> Any:
        """`unlimited`, `concurrent` and `pause` of a system; None where it has no row."""
        return next(iter(self._run("look_at_budget", system=system)), None)

    def draw(self, system: str, *, wanted: int, share: float, unused: int) -> Any:
        """`granted`, `wait` and `why`, with what `look` says; None where it has no row."""
        values = {"wanted": wanted, "share": share, "unused": unused, "zone": limits.zone(system)}
        return next(iter(self._run("draw_budget", system=system, **values)), None)

    def slow(self, system: str, pause: float | None) -> None:
        """The far end refused, and may have named a pause in seconds."""
        self.declare(system)
        self._run("slow_budget", system=system, pause=pause)

    def heed(self, system: str, rate: Rate) -> None:
        """The far end said what is left of its own limit."""
        self.declare(system)
        told = {"left": rate.left, "reset": rate.reset, "limit": rate.limit, "note": rate.note}
        self._run("heed_budget", system=system, **told)

    def count_failure(self, system: str) -> None:
        """The far end gave no answer, or a fault of its own."""
        self.declare(system)
        self._run("count_failure", system=system)

    def forget_failures(self, system: str) -> None:
        """The far end answered."""
        self._run("forget_failures", system=system)

    def may_probe(self, system: str) -> bool:
        """Whether this process may send the one request that finds out whether the far end is back."""
        return bool(self._run("probe_breaker", system=system))

    def take_slots(self, system: str, *, wanted: int, most: int, last_first: bool) -> list[int]:
        """The numbers of slots that are ours now."""
        order = -1 if last_first else 1
        return [row.no for row in self._slots("take_slots", system, wanted=wanted, most=most, order=order)]

    def ask_for_slot(self, system: str) -> None:
        """Let those who hold the slots know that somebody waits."""
        self._slots("ask_for_slot", system)

    def renew_slots(self) -> list[Any]:
        """`system`, `no` and `wanted` of each slot that is still ours."""
        return self._run("renew_slots", holder=self.holder, slot_lease=SLOT_LEASE)

    def free_slots(self, system: str, numbers: list[int]) -> None:
        """Give these back."""
        self._slots("free_slots", system, numbers=numbers)

    def close(self, *, free: bool) -> None:
        """End the connection; with `free` all slots are given back before, where the database is still there."""
        with self._lock:
            try:
                if free and self._connection is not None:
                    self._ask(self._connection, "free_all_slots", {"holder": self.holder})
            except psycopg.Error as error:  # they are free when their lease runs out
                log.debug("slots_not_given_back", reason=str(error))
            finally:
                self._drop()

    def _slots(self, name: str, system: str, **values: Any) -> list[Any]:
        return self._run(name, system=system, holder=self.holder, slot_lease=SLOT_LEASE, **values)

    def _run(self, name: str, **values: Any) -> list[Any]:
        with self._lock:
            self.used_at = time.monotonic()
            try:
                return self._ask_twice(name, values)
            except psycopg.Error as error:
                self._drop()
                raise OperationalError(f"The budget of a system can't be read: {error}") from error

    def _ask_twice(self, name: str, values: Mapping[str, Any]) -> list[Any]:
        if self._connection is not None:
            try:
                return self._ask(self._connection, name, values)
            except psycopg.OperationalError:  # the server may have been restarted since the last use
                self._drop()
        self._connection = _connect()
        return self._ask(self._connection, name, values)

    @staticmethod
    def _ask(connection: psycopg.Connection[Any], name: str, values: Mapping[str, Any]) -> list[Any]:
        cursor = connection.execute(query(name), {**_TUNING, **values})
        return cursor.fetchall() if cursor.description else []

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _connect() -> psycopg.Connection[Any]:
    parameters = {**direct_parameters(), "connect_timeout": 3, "autocommit": True}
    connection = psycopg.connect(**parameters, row_factory=namedtuple_row)
    connection.execute("SET lock_timeout = '3s'")
    return connection
