"""Work on a connection of its own, for tests of races."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from django.db import connection

PATIENCE = 10.0  # seconds; only a broken test takes them


class Elsewhere(threading.Thread):
    """A function in a thread, with what it raised."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self._backend = 0
        self.error: Exception | None = None

    def run(self) -> None:
        """Do the work and let its connection go."""
        try:
            connection.ensure_connection()
            self._backend = connection.connection.info.backend_pid
            self._work()
        except Exception as error:
            self.error = error
        finally:
            connection.close()

    def until_it_waits(self) -> None:
        """Come back when it waits for a lock, or has ended."""
        until = time.monotonic() + PATIENCE
        while self.is_alive() and time.monotonic() < until:
            with connection.cursor() as cursor:
                cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", (self._backend,))
                row = cursor.fetchone()
            if row and row[0]:
                return
            time.sleep(0.01)
