"""Starts and stops the sandbox: in a thread for tests, or as a program until told to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from bridge.sandbox.dispatch import SYSTEMS, Dispatcher
from bridge.sandbox.handler import Server
from bridge.sandbox.mount import Mount

HOST = "127.0.0.1"
PORT = 8900


class Sandbox:
    """The far ends, listening while in a `with` block.

    Port 0 takes a free one; `url` says which. Raises OSError when the port is taken.
    """

    def __init__(self, host: str = HOST, port: int = 0, systems: Iterable[str] = SYSTEMS) -> None:
        self._dispatcher = Dispatcher(systems)
        self._server = Server((host, port), self._dispatcher)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="sandbox")
        bound = self._server.socket.getsockname()
        self.host, self.port = str(bound[0]), int(bound[1])
        self.url = f"http://{self.host}:{self.port}"

    @property
    def systems(self) -> dict[str, Mount]:
        """The far ends by name."""
        return self._dispatcher.mounts

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """End every connection and wait for its thread; nothing is left behind."""
        self._server.end()
        self._thread.join()
        for mount in self.systems.values():
            mount.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def serve(
    host: str = HOST,
    port: int = PORT,
    systems: Iterable[str] = SYSTEMS,
    ready: Callable[[Sandbox], None] = lambda sandbox: None,
) -> None:
    """Answer until SIGTERM or SIGINT; for the main thread. Raises OSError when the port is taken."""
    told = threading.Event()
    sandbox = Sandbox(host, port, systems)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    with sandbox:
        ready(sandbox)
        told.wait()
