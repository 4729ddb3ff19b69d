"""What this process may still use of one system's budget, and who in it waits for more."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from sync.budget import limits
from sync.budget.ledger import Ledger
from sync.budget.limits import LEASE, Limits
from sync.budget.pauses import NONE, Pause, too_long
from sync.budget.slots import Slots
from sync.jobs.priorities import BACKFILL, BATCH, COMMAND, INTERACTIVE
from sync.outbound.rates import Rate

LOOK_EVERY = 0.1
"""Seconds for which an open gate is taken to be open: a read of many pages is not slowed by a query each."""
USED_WITHIN = LEASE - 0.05
"""Seconds, a little less than the lease: the request has to reach the far end yet."""
LONGEST_WAIT = 5.0
"""Seconds that a request waits for its turn; for more its job goes back to the queue."""
LONGEST_PAUSE = 1.0
"""Seconds until a wait is looked at again: a person may have ended it."""
SLOT_PAUSE = 0.05
TOLD_EVERY = 1.0
"""Seconds for which what the far end says of its limit is not written down again."""
RESERVED = {INTERACTIVE: 0.0, COMMAND: 0.05, BATCH: 0.10, BACKFILL: 0.20}
"""Share of the bucket, at least one request, that is left to what is more urgent."""
T = TypeVar("T")


class Purse:
    """Requests that were granted to this process and not used yet. Safe for threads."""

    def __init__(self, system: str, ledger: Ledger) -> None:
        self.system = system
        self.slots = Slots()
        self.changed = threading.Condition()
        self._ledger = ledger
        self.unlimited = True  # until the first look says otherwise
        self._tokens = 0
        self._until = 0.0  # monotonic, as all moments here
        self._look_at = 0.0
        self._used: deque[float] = deque(maxlen=256)
        self._pauses: dict[int, Pause] = {}
        self._waiting: Counter[int] = Counter()
        self._asking = False
        self._declared = False
        self._guarded = False  # the breaker is not closed: only a probe is let through
        self._probes = 0
        self._troubled = False  # the far end failed lately, here or elsewhere
        self._told_until = 0.0
        self._told_none = False

    def enter(self, priority: int) -> int:
        """Use one request, and one slot, whose number is returned; waits its turn.

        Raises TransientError (rate_limited, quota_used_up), not asked, where it would wait too long.
        """
        with self.changed:
            slot = self._take(priority)
            if slot is not None:
                return slot
            deadline = time.monotonic() + LONGEST_WAIT
            self._waiting[priority] += 1
            try:
                while (slot := self._take(priority)) is None:
                    self._get_more(priority, deadline)
                return slot
            finally:
                self._waiting[priority] -= 1
                self.changed.notify_all()

    def leave(self, slot: int) -> bool:
        """The request has ended; True where its slot is owed to another process."""
        if not slot:
            return False
        with self.changed:
            owed = self.slots.give(slot)
            if any(self._waiting.values()):
                self.changed.notify_all()
        return owed

    def heard(self, *, failed: bool) -> None:
        """The far end answered, or `failed` to: no answer, or a fault of its own."""
        if failed:
            self._troubled = True
            self._ledger.count_failure(self.system)
            self.empty()
        elif self._troubled:
            self._troubled = False
            self._ledger.forget_failures(self.system)
            self.empty()

    def heed(self, rate: Rate) -> bool:
        """The far end said what is left of its own limit; False where that was written down just before."""
        now, none_left = time.monotonic(), rate.left == 0
        with self.changed:
            if now < self._told_until and none_left <= self._told_none:
                return False
            self._told_until, self._told_none = now + TOLD_EVERY, none_left
            if rate.left is not None:
                self._tokens = min(self._tokens, rate.left)
        self._ledger.heed(self.system, rate)
        if none_left:
            self.empty()
        return True

    def empty(self) -> None:
        """Ask the database before the next request: something has changed."""
        with self.changed:
            self._tokens = 0
            self._look_at = 0.0

    def _take(self, priority: int) -> int | None:
        now = time.monotonic()
        if now >= self._look_at or self._outranked(priority):
            return None
        if not self.unlimited and (self._tokens < 1 or now >= self._until):
            return None
        slot = self.slots.offers(priority)
        if slot is None or (self._guarded and not self._probes):
            return None
        self._probes -= self._guarded
        self.slots.take(slot)
        if not self.unlimited:
            self._tokens -= 1
            self._used.append(now)
        return slot

    def _outranked(self, priority: int) -> bool:
        return any(number and other > priority for other, number in self._waiting.items())

    def _get_more(self, priority: int, deadline: float) -> None:
        now = time.monotonic()
        if now >= deadline:
            raise too_long(self.system, "turn", 1.0)
        pause = self._pauses.get(priority, NONE)
        if self._asking or self._outranked(priority):
            self.changed.wait(min(deadline - now, LOOK_EVERY))
        elif now < pause.look_at:
            if pause.until > deadline:
                raise too_long(self.system, pause.why, pause.until - now)
            self.changed.wait(min(deadline, pause.look_at) - now)
        elif self._look_at and self.slots.offers(priority) is None:
            self._lease_slots(
                priority
            )  # before a request is drawn, which would run out while it waits for one
        else:
            self._ask(priority, deadline)

    def _lease_slots(self, priority: int) -> None:
        now = time.monotonic()
        if self.slots.polite_until > now:
            self._pauses[priority] = Pause(self.slots.polite_until, self.slots.polite_until)
            return
        wanted, most = self._waiting[priority], self.slots.reach(priority)
        urgent = priority >= INTERACTIVE

        def lease() -> list[int]:
            found = self._ledger.take_slots(self.system, wanted=wanted, most=most, last_first=urgent)
            if not found:
                self._ledger.ask_for_slot(self.system)
            return found

        found = self._unlocked(lease)
        self.slots.leased(found, now)
        if not found:
            again = time.monotonic() + SLOT_PAUSE
            self._pauses[priority] = Pause(again, again)

    def _ask(self, priority: int, deadline: float) -> None:
        now = time.monotonic()
        probing = self._probes > 0
        if self.unlimited or (self._guarded and not probing) or (self._tokens > 0 and now < self._until):
            row = self._unlocked(self._look)
            why, wait = ("pause", row.pause) if row else ("", 0.0)
            if row and row.guarded and not probing and not wait:
                why, wait = "breaker", self._until_probed(row)
        else:
            row = self._unlocked(partial(self._draw, priority, now))
            why, wait = (row.why, row.wait) if row else ("", 0.0)
            self._tokens, self._until = (row.granted if row else 0), now + USED_WITHIN
        self.unlimited = row is None or row.unlimited
        self.slots.most = row.concurrent if row else None
        self._guarded = bool(row and row.guarded)
        self._troubled = bool(row and (row.guarded or row.failures))
        self._look_at = now + LOOK_EVERY
        if wait > 0:
            self._tokens = 0
            self._look_at = 0.0
            self._pauses[priority] = Pause(now + min(wait, LONGEST_PAUSE), now + wait, why)

    def _look(self) -> Any:
        row = self._ledger.look(self.system)
        if self._declared or (row is None and limits.declared(self.system) == Limits()):
            return row
        self._ledger.declare(self.system)
        self._declared = True
        return self._ledger.look(self.system)

    def _until_probed(self, row: Any) -> float:
        """Seconds to wait while the breaker is not closed; 0 where the next request is the probe."""
        if row.broken > 0:
            return float(row.broken)
        if self._unlocked(lambda: self._ledger.may_probe(self.system)):
            self._probes = 1
            return 0.0
        return LONGEST_PAUSE

    def _draw(self, priority: int, now: float) -> Any:
        wanted = self._waiting[priority]
        if priority < INTERACTIVE:  # as many as lately: what is not used in time is lost
            wanted += sum(moment > now - LEASE / 2 for moment in self._used)
        share = RESERVED.get(priority, RESERVED[BATCH])
        row = self._ledger.draw(self.system, wanted=wanted, share=share, unused=self._tokens)
        self._declared = row is not None
        return row

    def _unlocked(self, ask: Callable[[], T]) -> T:
        self._asking = True
        self.changed.release()
        try:
            return ask()
        finally:
            self.changed.acquire()
            self._asking = False
            self.changed.notify_all()
