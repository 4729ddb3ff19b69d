"""Writes what a system's real far end answers into a file of answers, without secrets."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from sync.recording.exchange import line_of
from sync.tape import Question, using
from sync.testing.answers import Answers, Exchange, write_answers
from sync.testing.converted import exchange_of, grouped

if TYPE_CHECKING:
    from sync.http import Answer

_written: dict[Path, list[Exchange]] = {}
"""By this process: tests that load the same file record it together."""


class Recorder:
    """Takes down what is said to one system while its block runs; `write` makes the file."""

    def __init__(self, system: str, path: Path) -> None:
        self.path = path
        self.answers = 0
        self.redacted = 0  # secrets taken out of bodies
        self._system = system
        self._taken: list[Exchange] = []
        self._lock = threading.Lock()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(using(self))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def play(self, question: Question) -> Answer | None:
        """Nothing: the far end is asked."""
        return None

    def take(self, question: Question, answer: Answer) -> None:
        """Keep the exchange."""
        if question.system != self._system:
            return
        line, hidden = line_of(question, answer)
        with self._lock:
            self.answers += 1
            self.redacted += hidden
            self._taken.append(exchange_of(line, question.json))

    def write(self) -> None:
        """Write the file, together with what other tests of this process recorded into it. Raises OSError."""
        if not self._taken:
            return
        key = self.path.absolute()
        before = _written.get(key, [])
        known = [exchange.request for exchange in before]
        new = [exchange for exchange in grouped(self._taken) if exchange.request not in known]
        _written[key] = [*before, *new]
        now = datetime.now(UTC).isoformat(timespec="seconds")
        write_answers(self.path, Answers(system=self._system, recorded_at=now, exchanges=_written[key]))
