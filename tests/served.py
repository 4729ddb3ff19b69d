"""The project, served over HTTP by a thread on the tests' database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import ThreadedWSGIServer
from django.test.testcases import LiveServerThread


class Server(ThreadedWSGIServer):
    """Ends as soon as it is told to: Django's looks twice a second."""

    def serve_forever(self, poll_interval: float = 0.02) -> None:
        super().serve_forever(poll_interval)


class Serving(LiveServerThread):
    server_class = Server


@contextmanager
def served() -> Iterator[str]:
    """The URL, while in the block."""
    thread = Serving("127.0.0.1", StaticFilesHandler)
    thread.start()
    thread.is_ready.wait()
    assert thread.error is None, thread.error
    try:
        yield f"http://127.0.0.1:{thread.port}"
    finally:
        thread.terminate()
