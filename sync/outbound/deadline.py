"""The time a whole request may take. A far end that sends a byte now and then never runs into a read's timeout.

One thread looks at all requests four times a second and hangs up those that are over their time, so that no
request pays for it.
"""

from __future__ import annotations

import socket
import threading
import time
from types import TracebackType
from typing import Self

LOOK_EVERY = 0.25
"""Seconds."""

_current = threading.local()


class Deadline:
    """The time of one request, redirects included; it runs while in its block. `passed` once it was hung up on."""

    __slots__ = ("at", "left", "passed", "sock")

    def __init__(self, seconds: float) -> None:
        self.left = seconds
        self.at = 0.0
        self.passed = False
        self.sock: socket.socket | None = None

    def __enter__(self) -> Self:
        self.at = time.monotonic() + self.left
        self.sock = None
        _current.deadline = self
        _watch.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _current.deadline = None
        _watch.remove(self)
        self.left = self.at - time.monotonic()

    def hang_up(self) -> None:
        """End what the socket waits for, on whatever thread."""
        self.passed = True
        if self.sock is not None:
            try:
                # The plain socket's own: that of a TLS socket would first forget its session, under its reader.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)
            except OSError:
                return  # it is closed already


def guard(sock: socket.socket | None) -> None:
    """Say which socket the request of this thread uses."""
    deadline: Deadline | None = getattr(_current, "deadline", None)
    if deadline is not None:
        deadline.sock = sock
        if deadline.passed:
            deadline.hang_up()


class _Watch:
    def __init__(self) -> None:
        self._running: set[Deadline] = set()
        self._some = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, deadline: Deadline) -> None:
        self._running.add(deadline)
        self._some.set()
        if self._thread is None or not self._thread.is_alive():  # not in the child of a fork
            with self._starting:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._look, name="deadlines", daemon=True)
                    self._thread.start()

    def remove(self, deadline: Deadline) -> None:
        self._running.discard(deadline)

    def _look(self) -> None:
        while True:
            self._some.wait()
            time.sleep(LOOK_EVERY)
            self._some.clear()
            now = time.monotonic()
            for deadline in tuple(self._running):
                self._some.set()
                if now > deadline.at and not deadline.passed:
                    deadline.hang_up()


_watch = _Watch()
