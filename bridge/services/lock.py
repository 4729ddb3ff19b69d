"""Only one `bridge up` a data directory, and none before the services of the last one have ended.

flock, because the kernel lets go of it however its holder dies.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from bridge.errors import StartError

LAST_SERVICES_SECONDS = 15.0


class RunLock:
    """The two locks: `up.lock` is the supervisor's alone, `services.lock` is inherited by its services too."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._supervisor: int | None = None
        self.services: int | None = None
        self._taken = False

    def take(self) -> None:
        """Become the one; raises StartError (already_up) where another is.

        After a `kill -9` of the last supervisor its services need a moment to end: that is waited for.
        """
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._supervisor = _open(self.data_dir / "up.lock")
            self.services = _open(self.data_dir / "services.lock")
        except OSError as error:
            sentence = f"Bridge can't write in {self.data_dir} ({error.strerror}): choose another --data-dir."
            raise StartError("data_dir_unusable", sentence) from error
        if not _lock(self._supervisor):
            pid = os.pread(self._supervisor, 20, 0).decode("ascii", "replace").strip()
            sentence = f"Bridge is already up on {self.data_dir} (process {pid}): stop that one, or choose "
            raise StartError("already_up", sentence + "another --data-dir and --port.")
        self._wait_for_services()
        os.ftruncate(self._supervisor, 0)
        os.pwrite(self._supervisor, f"{os.getpid()}\n".encode(), 0)
        self._taken = True

    def release(self) -> None:
        """Let go of both."""
        if self._taken and self._supervisor is not None:
            os.ftruncate(self._supervisor, 0)
        for lock in (self.services, self._supervisor):
            if lock is not None:
                os.close(lock)
        self.services = self._supervisor = None
        self._taken = False

    def _wait_for_services(self) -> None:
        assert self.services is not None
        deadline = time.monotonic() + LAST_SERVICES_SECONDS
        while not _lock(self.services):
            if time.monotonic() > deadline:
                sentence = f"Services of an earlier `bridge up` on {self.data_dir} still run: end them first "
                raise StartError("services_left", sentence + "(ps -ef | grep 'bridge web\\|bridge worker').")
            time.sleep(0.05)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
