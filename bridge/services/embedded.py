"""The embedded PostgreSQL under supervision: started in the background, started again when it dies."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import structlog

from bridge.errors import StartError
from bridge.postgres import Postgres
from bridge.services.process import FIRST_PAUSE, LONGEST_PAUSE

LOOK_EVERY = 0.5  # seconds

log = structlog.get_logger(__name__)


class EmbeddedPostgres:
    """The server of a data directory, for the time of one `bridge up`."""

    def __init__(self, data_dir: Path) -> None:
        self.server = Postgres(data_dir)
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._start, name="postgres-start", daemon=True)
        self._next_look = 0.0
        self._pause = FIRST_PAUSE

    @property
    def url(self) -> str:
        """Its libpq URL, known before it runs."""
        return self.server.url

    def begin(self) -> None:
        """Start it in the background."""
        self._thread.start()

    def ready(self, stopping: threading.Event) -> bool:
        """Wait until it answers; False when told to stop meanwhile. Raises PostgresError."""
        while self._thread.is_alive() and not stopping.is_set():
            self._thread.join(0.05)
        if self._failure is not None:
            raise self._failure
        return not self._thread.is_alive()

    def look(self) -> None:
        """Start it again where it has died; with growing pauses where it can't be."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_EVERY
        status = self.server.poll()
        if status is None:
            self._pause = FIRST_PAUSE
            return
        log.error("PostgreSQL ended and is started again", reason=f"exit code {status}")
        try:
            self.server.start()
            log.info("PostgreSQL is back")
        except StartError as error:
            log.error(error.sentence, code=error.code)
            self._next_look = time.monotonic() + self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def stop(self, seconds: float) -> None:
        """End it; what it has not written in order within `seconds` it recovers at the next start."""
        self._thread.join(5.0)
        self.server.stop(seconds)

    def _start(self) -> None:
        try:
            self.server.start()
        except BaseException as error:  # handed to the thread that waits in `ready`
            self._failure = error
