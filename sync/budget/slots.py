"""The slots of one system that this process holds: how many requests it may have under way at once."""

from __future__ import annotations

import time

from sync.budget.ledger import SLOT_LEASE
from sync.jobs.priorities import INTERACTIVE

KEPT_IDLE = 1.0
"""Seconds for which a slot is kept after its request: the next one may follow, and finds it here."""
POLITE = 0.15
"""Seconds for which no slot is taken after one was given up to another process, which looks every 0.05 s."""
RESERVED = 0.1
"""Share of the slots, at least one, that only interactive work may use."""


class Slots:
    """Not safe for threads: its purse has the lock."""

    def __init__(self) -> None:
        self.most: int | None = None  # at once over all processes; None = no limit
        self.polite_until = 0.0
        self._busy: set[int] = set()
        self._idle: dict[int, float] = {}  # number -> since when
        self._renewed: dict[int, float] = {}
        self._leaving: list[int] = []
        self._owed = 0  # to others, out of those that are busy

    def reach(self, priority: int) -> int:
        """The highest number that work of this priority may use."""
        most = self.most or 0
        if priority >= INTERACTIVE:
            return most
        return max(most - max(1, int(most * RESERVED)), 1)

    def offers(self, priority: int) -> int | None:
        """A slot that is held and idle; 0 where there is no limit, None where one must be leased first."""
        if self.most is None:
            return 0
        reach, now = self.reach(priority), time.monotonic()
        for no in sorted(self._idle, reverse=priority >= INTERACTIVE):
            if no <= reach and now - self._renewed[no] < SLOT_LEASE:
                return no
        return None

    def take(self, no: int) -> None:
        """Let a request have this slot."""
        if no:
            del self._idle[no]
            self._busy.add(no)

    def give(self, no: int) -> bool:
        """The request of this slot has ended; True where the slot is owed to another process now."""
        if no not in self._busy:  # it was lost meanwhile, or there was no limit
            return False
        self._busy.remove(no)
        if not self._owed:
            self._idle[no] = time.monotonic()
            return False
        self._owed -= 1
        self._leaving.append(no)
        self.polite_until = time.monotonic() + POLITE
        return True

    def leased(self, numbers: list[int], asked_at: float) -> None:
        """These are ours from now on."""
        for no in numbers:
            self._renewed[no] = asked_at
            if no not in self._busy:
                self._idle[no] = asked_at

    def held(self) -> set[int]:
        """All that are ours."""
        return self._busy | set(self._idle) | set(self._leaving)

    def kept(self, numbers: set[int], asked_at: float) -> None:
        """These were renewed; others that were ours before then are lost."""
        for no in self.held():
            if no in numbers:
                self._renewed[no] = asked_at
            elif self._renewed[no] < asked_at and no not in self._leaving:
                self._busy.discard(no)
                self._idle.pop(no, None)

    def spare(self) -> list[int]:
        """Take out what is to be given back: what is owed, idle for long, or beyond the limit."""
        now = time.monotonic()
        most = self.most or 0
        for no, since in list(self._idle.items()):
            if now - since > KEPT_IDLE or no > most:
                del self._idle[no]
                self._leaving.append(no)
        found, self._leaving = self._leaving, []
        return found

    def owe(self) -> None:
        """Another process waits for a slot: it gets one of ours, at once or after its request."""
        self._owed = 0
        if not self._idle:
            self._owed = min(1, len(self._busy))
            return
        no = max(self._idle)
        del self._idle[no]
        self._leaving.append(no)
        self.polite_until = time.monotonic() + POLITE
