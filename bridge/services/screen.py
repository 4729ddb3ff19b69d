"""What `bridge up` shows: its own words on stdout, the log lines of all services on stderr."""

from __future__ import annotations

import sys
import threading
from typing import TextIO

from rich.console import Console

from bridge.log_lines import as_json, as_words, parse


class Screen:
    """Writes whole lines from any thread; a terminal that has gone away stops nothing."""

    def __init__(self, *, pretty: bool | None = None) -> None:
        self.pretty = sys.stderr.isatty() if pretty is None else pretty
        self._colour = self.pretty and sys.stderr.isatty()
        self._lock = threading.Lock()

    def line(self, service: str, text: str) -> None:
        """Show a line that a service wrote, as an event of that service."""
        if text.strip():
            event = parse(text, service)
            self.write((as_words(event, colour=self._colour) if self.pretty else as_json(event)) + "\n")

    def say(self, text: str) -> None:
        """Show words of our own."""
        with self._lock:
            _put(sys.stdout, text + "\n")

    def bars(self) -> Console:
        """The console for progress: bars where the log is a terminal, since rich then keeps the two apart."""
        return Console(stderr=sys.stderr.isatty(), highlight=False)

    # As a stream for logging. sys.stderr is asked for each time: while bars are shown, rich puts its own there.

    def write(self, text: str) -> int:
        """Write to stderr."""
        with self._lock:
            _put(sys.stderr, text)
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        """Whether colours may be used."""
        return self._colour


def _put(stream: TextIO, text: str) -> None:
    try:
        print(text, end="", file=stream, flush=True)
    except (OSError, ValueError):  # nobody reads any more (the terminal is closed); the services go on
        return
