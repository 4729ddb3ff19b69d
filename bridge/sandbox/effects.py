"""What requests did to the rows of a far end: every effect since the last reset, none ever dropped."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from bridge.sandbox.exchange import Request
from bridge.sandbox.store import Row, Store, Table, key_text
from bridge.sandbox.tokens import text_of

IDEMPOTENCY = ("x-netsuite-idempotency-key", "idempotency-key")
"""Headers by which a client may name what it wants done once."""
_request: ContextVar[Request | None] = ContextVar("request", default=None)


@contextmanager
def caused_by(request: Request) -> Iterator[None]:
    """Lay what happens to rows meanwhile to a request's charge; changes by hand are nobody's effect."""
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """One row that a request created, updated or deleted, whether its answer arrived or not."""

    # The first one is 1.
    number: int
    # Epoch seconds.
    at: float
    entity: str
    row: Row
    event: str
    method: str
    idempotency_key: str | None

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "number": self.number,
            "at": self.at,
            "entity": self.entity,
            "key": key_text(self.row.key),
            "event": self.event,
            "method": self.method,
            "idempotency_key": self.idempotency_key,
        }

    def named(self, columns: tuple[str, ...]) -> str:
        """What it is counted by: the texts of these columns, else the row's own key."""
        if not columns:
            return f"{self.entity}/{key_text(self.row.key)}"
        return ",".join(text_of(self.row.columns.get(name, b"null")) for name in columns)


class Effects:
    """The log of one far end's effects, oldest first; it only grows. Safe for threads."""

    def __init__(self, store: Store) -> None:
        self._lock = threading.Lock()
        self._log: list[Effect] = []
        store.watch(self._hear)

    def since(self, number: int, entity: str | None = None, event: str | None = None) -> list[Effect]:
        """The effects after the first `number` ones, of one table and one kind where these are given."""
        with self._lock:
            found = self._log[max(number, 0) :]
        return [one for one in found if entity in (None, one.entity) and event in (None, one.event)]

    def clear(self) -> None:
        """Begin a new log."""
        with self._lock:
            self._log = []

    def _hear(self, table: Table, row: Row, event: str) -> None:
        request = _request.get()
        if request is None:
            return
        key = next((given for name in IDEMPOTENCY if (given := request.headers.get(name))), None)
        with self._lock:
            effect = Effect(
                number=len(self._log) + 1,
                at=time.time(),
                entity=table.name,
                row=row,
                event=event,
                method=request.method,
                idempotency_key=key,
            )
            self._log.append(effect)


def counts(effects: Iterable[Effect], columns: tuple[str, ...]) -> dict[str, int]:
    """How many of the effects were on each row, or, with columns, for each of their values."""
    return dict(Counter(effect.named(columns) for effect in effects))
