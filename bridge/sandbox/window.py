"""A limit of requests in each window of time, told by headers."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping


class Window:
    """Counts requests; a new window begins with the first one after the old one's end."""

    def __init__(self, limit: int, seconds: float, style: str) -> None:
        self._limit = limit
        self._seconds = seconds
        self._style = style
        self._lock = threading.Lock()
        self._used = 0
        self._ends = 0.0  # of the clock that tells the date

    def count(self) -> tuple[bool, Mapping[str, str]]:
        """Whether one more request is within the limit, and the headers of its answer."""
        now = time.time()
        with self._lock:
            if now >= self._ends:
                self._used, self._ends = 0, now + self._seconds
            within = self._used < self._limit
            self._used += within
            return within, self._headers(self._limit - self._used, self._ends - now)

    def _headers(self, left: int, reset: float) -> Mapping[str, str]:
        if self._style == "ietf":
            policy = f'"default";q={self._limit};w={math.ceil(self._seconds)}'
            return {"RateLimit-Policy": policy, "RateLimit": f'"default";r={left};t={math.ceil(reset)}'}
        until = self._ends if self._style == "epoch" else reset
        told = {"Limit": self._limit, "Remaining": left, "Reset": f"{until:.3f}"}
        return {f"X-RateLimit-{name}": str(value) for name, value in told.items()}
