"""What the far ends are asked for, and by what: how urgent it is, and how many requests it took so far.

Set for a context, which threads that read ahead copy: they share the one errand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from sync.jobs import kinds
from sync.jobs.priorities import BACKFILL, BATCH, COMMAND, INTERACTIVE
from sync.outbound.inspector import MOST, Ring

_BY_QUEUE = {kinds.INTERACTIVE: INTERACTIVE, kinds.COMMAND: COMMAND}


@dataclass(slots=True)
class Errand:
    """One piece of work, such as an attempt of a job."""

    priority: int = BATCH  # who waits for the same far end goes first by it
    check: Callable[[], None] | None = None  # raises StaleAttempt where others have the work by now
    requests: int = 0
    changed: int = 0  # requests after which something may be changed at a far end
    seen: Ring = field(default_factory=lambda: Ring(maxlen=MOST))  # the last exchanges, for the inspector

    @classmethod
    def of_kind(cls, kind: str, check: Callable[[], None] | None = None) -> Errand:
        """That of a job of this kind."""
        if kind == "backfill":
            return cls(priority=BACKFILL, check=check)
        return cls(priority=_BY_QUEUE.get(kinds.queue_of(kind), BATCH), check=check)


_errand: ContextVar[Errand | None] = ContextVar("errand", default=None)


def errand() -> Errand:
    """That of this context; work that named none is as urgent as a batch."""
    return _errand.get() or Errand()


@contextmanager
def on(errand: Errand) -> Iterator[None]:
    """Let what the block asks far ends for belong to this errand."""
    before = _errand.set(errand)
    try:
        yield
    finally:
        _errand.reset(before)
