"""One supervised process: started in a session of its own, read line by line, ended with all it started."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0  # seconds before a restart; doubled each time
STEADY = 30.0  # seconds a process must have lived for its next pause to be the first one again

Sink = Callable[[str, str], None]


@dataclass(frozen=True, kw_only=True)
class Service:
    """What to run, and how long it may take to stop."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)  # added to ours
    stop_seconds: float = 6.0


class Process:
    """A service while it is kept alive. `sink` gets its name and each line that it writes."""

    def __init__(self, service: Service, *, inherited: Sequence[int], lifeline: int, sink: Sink) -> None:
        self.service = service
        self._inherited = (*inherited, lifeline)
        self._lifeline = lifeline
        self._sink = sink
        self._child: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._started = 0.0
        self._pause = FIRST_PAUSE
        self._next_start = 0.0

    @property
    def pid(self) -> int | None:
        """The process id, which is its session's and group's too; None while it is down."""
        return self._child.pid if self._child else None

    def start(self) -> None:
        """Start it now."""
        environment = {**os.environ, **self.service.environment, "BRIDGE_LIFELINE": str(self._lifeline)}
        self._child = subprocess.Popen(  # noqa: S603 - our own program, no shell
            list(self.service.command),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=self._inherited,
            start_new_session=True,  # the terminal's Ctrl-C reaches the supervisor alone, which stops in order
        )
        self._started = time.monotonic()
        self._reader = threading.Thread(target=self._read, args=(self._child,), daemon=True)
        self._reader.start()

    def check(self) -> int | None:
        """Look after it: return the exit status when it has just died; start it again when its pause is over."""
        now = time.monotonic()
        if self._child is None:
            if now >= self._next_start:
                self.start()
            return None
        status = self._child.poll()
        if status is None:
            return None
        self._clear()
        if now - self._started >= STEADY:
            self._pause = FIRST_PAUSE
        self._next_start = now + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        return status

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the process itself, which stops what it started."""
        if self._child is not None:
            self._child.send_signal(signal.SIGTERM)

    def runs(self) -> bool:
        """Whether it is alive."""
        return self._child is not None and self._child.poll() is None

    def end(self) -> None:
        """Kill whatever is left of it and of what it started."""
        if self._child is None:
            return
        if self.runs():
            self._sink(self.service.name, f"{self.service.name} did not stop in time and is killed")
        self._clear()

    def _clear(self) -> None:
        child, self._child = self._child, None
        assert child is not None
        # What it started and left behind would hold the port. An empty group is none; to macOS one of zombies.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        if self._reader is not None:
            self._reader.join(1.0)

    def _read(self, child: subprocess.Popen[bytes]) -> None:
        assert child.stdout is not None
        with child.stdout as lines:
            for line in lines:
                self._sink(self.service.name, line.decode("utf-8", "replace").rstrip("\n"))
