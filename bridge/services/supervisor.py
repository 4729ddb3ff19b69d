"""Keeps services alive until told to stop, then ends them in order and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

import structlog

from bridge.services.process import Process, Service, Sink

GLANCE = 0.2  # seconds between two looks at the services
KILL_AT_ONCE = 0.3  # seconds each gets after a second Ctrl-C

log = structlog.get_logger(__name__)


class Supervisor:
    """The services of one `bridge up`, in the order in which they are to be stopped."""

    def __init__(self, *, inherited: Sequence[int] = (), sink: Sink) -> None:
        self.stopping = threading.Event()
        self.in_a_hurry = False
        self._processes: list[Process] = []
        self._inherited = tuple(inherited)
        self._sink = sink
        self._lifeline, self._kept_open = os.pipe()

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Take SIGINT, SIGTERM and SIGHUP as the wish to stop; a second one as the wish to stop at once."""
        numbers = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # so it is under nohup
            numbers.append(signal.SIGHUP)
        before = {number: signal.signal(number, self._told) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def start(self, service: Service) -> Process:
        """Start a service, and keep it alive from now on."""
        process = Process(service, inherited=self._inherited, lifeline=self._lifeline, sink=self._sink)
        process.start()
        self._processes.append(process)
        return process

    def watch(self, *others: Callable[[], None]) -> None:
        """Restart what dies until told to stop; call `others` at each look."""
        while not self.stopping.is_set():
            self.look()
            for other in others:
                other()
            self.stopping.wait(GLANCE)

    def look(self) -> None:
        """Look after each service once."""
        for process in self._processes:
            status = process.check()
            if status is not None:
                words = f"signal {-status}" if status < 0 else f"exit code {status}"
                log.error("service ended and is started again", name=process.service.name, reason=words)

    def stop(self, order: Sequence[str], within: float) -> None:
        """End the services, those of the same place in `order` together, all `within` seconds."""
        deadline = time.monotonic() + within
        for names in order:
            group = [process for process in self._processes if process.service.name in names.split()]
            for process in group:
                process.ask_to_stop()
            patience = max((process.service.stop_seconds for process in group), default=0.0)
            self._wait(group, min(deadline, time.monotonic() + patience))
            for process in group:
                process.end()

    def close(self) -> None:
        """Let go of the lifeline: whatever is still alive now ends."""
        os.close(self._kept_open)
        os.close(self._lifeline)

    def _wait(self, group: Sequence[Process], until: float) -> None:
        while any(process.runs() for process in group) and time.monotonic() < until:
            if self.in_a_hurry:
                until = min(until, time.monotonic() + KILL_AT_ONCE)
            time.sleep(0.02)

    def _told(self, _number: int, _frame: FrameType | None) -> None:
        self.in_a_hurry = self.stopping.is_set()
        self.stopping.set()
