"""How long somebody waits for a job, and when waiting longer makes no sense."""

from __future__ import annotations

import time
from collections.abc import Callable

WITHOUT_WORKER = 30.0  # seconds until who waits is told that nobody works
LOOK_EVERY = 1.0  # seconds between two looks for workers


class Patience:
    """Runs out after `seconds`, where they are given, or when no worker has lived for a while.

    `workers` counts those alive, `now` is a clock in seconds.
    """

    def __init__(
        self, seconds: float | None, *, workers: Callable[[], int], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._workers = workers
        self._now = now
        self._seconds = seconds
        self._began = self._alive_at = self._now()
        self._next_look = self._began
        self.reason = ""
        """Why it ran out, in one sentence."""

    def is_out(self) -> bool:
        """Whether to wait no longer."""
        now = self._now()
        if now >= self._next_look:
            self._next_look = now + LOOK_EVERY
            if self._workers():
                self._alive_at = now
        if self._seconds is not None and now - self._began >= self._seconds:
            self.reason = f"Not ended within {self._seconds:g} s: it goes on without being watched."
        elif now - self._alive_at >= WITHOUT_WORKER:
            self.reason = (
                f"No worker for {WITHOUT_WORKER:g} s: it waits until `bridge up` or `bridge worker` runs."
            )
        return bool(self.reason)
