"""The gate before every request: when a system may be asked, by what all processes share."""

from __future__ import annotations

import atexit
import os
import threading
import time
from contextlib import AbstractContextManager
from typing import Protocol

import structlog
from django.db import Error

from sync.budget.ledger import Ledger
from sync.budget.permit import Permit
from sync.budget.purse import Purse
from sync.errand import errand
from sync.outbound.rates import Rate

log = structlog.get_logger(__name__)

ROUND = 1.0
"""Seconds between two looks at the slots that this process holds."""
KEPT_OPEN = 10.0
"""Seconds for which the line to the database is kept without use."""


class Gate(Protocol):
    """Says whether a system may be asked now."""

    def admitted(self, system: str) -> AbstractContextManager[object]:
        """One request may be made in the block; waits for its turn before.

        Raises TransientError, not asked, where that would take too long.
        """
        ...

    def refused(self, system: str, pause: float | None) -> None:
        """It refused a request as one too many; with `pause` nobody asks it for so many seconds."""
        ...

    def heed(self, system: str, rate: Rate) -> None:
        """Its answer says what is left of its own limit: all ask no more than that."""
        ...

    def heard(self, system: str, *, failed: bool) -> None:
        """It answered, or `failed`: it gave no answer, or a fault of its own. Who goes on failing is left alone."""
        ...


class SharedGate:
    """The gate in the database, by the database's clock: what one process is told, all obey."""

    def __init__(self) -> None:
        self._start()
        atexit.register(self.close)
        os.register_at_fork(after_in_child=self._start)

    def _start(self) -> None:
        self.ledger = Ledger()
        self._purses: dict[str, Purse] = {}
        self._lock = threading.Lock()
        self._due = threading.Event()
        self._keeper: threading.Thread | None = None

    def admitted(self, system: str) -> Permit:
        """As the protocol says. Work is as urgent as the errand of its context."""
        purse = self._purses.get(system) or self._purse(system)
        return Permit(self.wake, purse, purse.enter(errand().priority))

    def refused(self, system: str, pause: float | None) -> None:
        """Write it at once, also where a transaction is open: the others must see it now."""
        purse = self._purse(system)
        if pause is None and purse.unlimited:
            return  # there is no rate to lower, and the job's backoff is pause enough
        purse.empty()
        self.ledger.slow(system, pause)

    def heed(self, system: str, rate: Rate) -> None:
        """Written down about once a second, and at once where nothing is left."""
        purse = self._purses.get(system) or self._purse(system)
        try:
            news = purse.heed(rate)
        except Error as error:  # as below
            log.warning("rate_not_kept", system=system, reason=str(error))
            return
        if news and rate.note:
            log.warning("rate_header_ignored", system=system, reason=rate.note)

    def heard(self, system: str, *, failed: bool) -> None:
        """Failures are counted for all processes; an answer after them ends the count."""
        try:
            (self._purses.get(system) or self._purse(system)).heard(failed=failed)
        except Error as error:  # what the far end said counts more than that it could not be counted
            log.warning("failures_not_counted", system=system, reason=str(error))

    def wake(self) -> None:
        """Look at the slots now."""
        self._due.set()

    def forget(self) -> None:
        """Ask the database before the next request, whatever was granted."""
        with self._lock:
            self._purses.clear()

    def close(self) -> None:
        """Give back what is held, and end the line to the database; the next request opens it again."""
        self.forget()
        self.ledger.close(free=True)

    def _purse(self, system: str) -> Purse:
        with self._lock:
            if self._keeper is None or not self._keeper.is_alive():
                self._keeper = threading.Thread(target=self._keep, name="budget", daemon=True)
                self._keeper.start()
            return self._purses.setdefault(system, Purse(system, self.ledger))

    def _keep(self) -> None:
        told = False  # of this outage, in the log
        while True:
            self._due.wait(ROUND)
            self._due.clear()
            purses = list(self._purses.values())
            try:
                holding = self._look_after(purses)
            except Error as error:
                if not told:
                    log.warning("slots_not_renewed", reason=str(error))
                told = True
                continue
            told = False
            if not holding and time.monotonic() - self.ledger.used_at > KEPT_OPEN:
                self.ledger.close(free=False)

    def _look_after(self, purses: list[Purse]) -> bool:
        """Renew the slots and give back what is not needed; False where none is held."""
        if not any(purse.slots.held() for purse in purses):
            return False
        now = time.monotonic()
        rows = self.ledger.renew_slots()
        for purse in purses:
            ours = {row.no: row.wanted for row in rows if row.system == purse.system}
            with purse.changed:
                purse.slots.kept(set(ours), now)
                if any(ours.values()):
                    purse.slots.owe()
                spare = purse.slots.spare()
            if spare:
                self.ledger.free_slots(purse.system, spare)
        return True
