"""What was asked of a far end: the last requests, and counts since the start."""

from __future__ import annotations

import threading
from collections import Counter, deque
from typing import Any

from bridge.sandbox.exchange import Request

KEPT = 20_000
EXCERPT = 500


class Journal:
    """The last requests of one far end, oldest first; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._statuses: Counter[str] = Counter()

    def write(
        self,
        request: Request,
        *,
        at: float,
        seconds: float,
        status: int | None,
        entity: str | None,
        note: str,
    ) -> None:
        """Note one request. `at` is epoch seconds at its arrival; no status means hung up."""
        entry = {
            "at": at,
            "seconds": round(seconds, 4),
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "entity": entity,
            "body": request.body[:EXCERPT].decode("utf-8", "replace"),
            "status": status,
            "note": note,
        }
        with self._lock:
            self._entries.append(entry)
            self._statuses[str(status) if status else "hung_up"] += 1

    def since(self, moment: float) -> list[dict[str, Any]]:
        """Return the requests that arrived at `moment` (epoch seconds) or later."""
        with self._lock:
            return [entry for entry in self._entries if entry["at"] >= moment]

    def counts(self) -> dict[str, int]:
        """Return how many requests got which status since the start."""
        with self._lock:
            return dict(self._statuses)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._statuses.clear()
