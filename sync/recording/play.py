"""Gives recorded answers in place of a far end: through the same client, which does not know."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sync.errors import ConfigError, InvalidRequest
from sync.recording import FORMAT
from sync.recording.exchange import answer_of, asked_of, key_of
from sync.tape import Question

if TYPE_CHECKING:
    from sync.http import Answer

LARGEST = 1024 * 1024 * 1024
"""Bytes, unpacked: all of it is held."""


@dataclass(kw_only=True)
class Recording:
    """A recording that was read; plays each answer once, in the order it was given."""

    entity: str
    since: str | None
    page_size: int
    began: datetime
    redacted: int
    answers: dict[str, deque[dict[str, Any]]] = field(default_factory=dict, repr=False)

    def play(self, question: Question) -> Answer:
        """The answer. Raises ConfigError (not_recorded)."""
        asked = asked_of(question)
        lines = self.answers.get(key_of(asked))
        if not lines:
            message = f"The recording has no answer to {asked['method']} {asked['path']} {asked['params']}:"
            raise ConfigError(f"{message} record it again, with as many pages.", code="not_recorded")
        return answer_of(lines.popleft())

    def take(self, question: Question, answer: Answer) -> None:
        """Nothing is asked, so nothing is heard."""


def opened(path: Path) -> Recording:
    """The recording in a file. Raises InvalidRequest (bad_recording) with what is wrong with it."""
    try:
        lines = list(_lines(path))
        head, *exchanges, last = lines
        if head.get("bridge_recording") != FORMAT:
            raise _bad(path, "it is not a recording of this version")
        if "end" not in last:
            raise _bad(path, "its end is missing, so it was cut")
        answers: dict[str, deque[dict[str, Any]]] = defaultdict(deque)
        for line in exchanges:
            answer_of(line)
            answers[key_of(line["asked"])].append(line)
        return Recording(
            entity=head["entity"],
            since=head["since"],
            page_size=int(head["page_size"]),
            began=datetime.fromisoformat(head["began"]),
            redacted=int(last["end"]["redacted"]),
            answers=answers,
        )
    except OSError as error:
        raise _bad(path, error.strerror or str(error)) from error
    except (EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _bad(path, f"it cannot be read ({type(error).__name__})") from error


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    read = 0
    with gzip.open(path, "rt", encoding="utf-8", errors="surrogatepass") as file:
        for line in file:
            read += len(line)
            if read > LARGEST:
                raise _bad(path, f"it holds more than {LARGEST} bytes")
            yield json.loads(line)


def _bad(path: Path, why: str) -> InvalidRequest:
    message = f"{path} is no recording that can be replayed: {why}. `bridge record` makes one."
    return InvalidRequest(message, code="bad_recording")
