"""The two lock files beside the data: who is starting the server, and who uses it.

flock, because the kernel lets go of it however its holder dies.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bridge.postmaster.owner import own
from bridge.postmaster.programs import PostgresError

SHUTDOWN_SECONDS = 120.0


@contextmanager
def starting(path: Path) -> Iterator[int]:
    """Hold the lock of the one process that starts the server; yield it, for a child that works on.

    Waits for another starter as long as that one lives: a crash recovery may take minutes.
    """
    lock = _open(path)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock
    finally:
        os.close(lock)


class UsersLock:
    """Held in common by all who use the server, alone by who stops it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None
        self._holder = 0

    @property
    def held(self) -> bool:
        """Whether this process holds it. A fork's copy doesn't count: it would let go for its parent."""
        return self._lock is not None and self._holder == os.getpid()

    def share(self) -> None:
        """Become a user; while the last one's server is stopping, wait until it has stopped."""
        if self.held:
            return
        self._lock, self._holder = _open(self.path), os.getpid()
        deadline = time.monotonic() + SHUTDOWN_SECONDS
        while not self._try(fcntl.LOCK_SH):
            if time.monotonic() > deadline:
                self.release()
                sentence = f"The PostgreSQL in {self.path.parent} has been stopping for two minutes: look at "
                raise PostgresError("postgres_stopping", sentence + "its log there, and end its process.")
            time.sleep(0.02)

    def is_last(self) -> bool:
        """Tell whether nobody else uses the server; if so hold the lock alone, so that nobody joins now."""
        return self._try(fcntl.LOCK_EX)

    def release(self) -> None:
        """Stop being a user."""
        if self.held and self._lock is not None:
            os.close(self._lock)
        self._lock = None

    def _try(self, kind: int) -> bool:
        assert self._lock is not None
        try:
            fcntl.flock(self._lock, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _open(path: Path) -> int:
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    own(path, path.parent)
    return lock
