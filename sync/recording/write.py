"""Records what a far end answers to one sync of an entity; nothing is read into the mirror."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from sync.errors import InvalidRequest
from sync.recording import FORMAT
from sync.recording.exchange import line_of
from sync.tape import Question, using

if TYPE_CHECKING:
    from sync.http import Answer
    from sync.pipeline.run import Run


@dataclass(kw_only=True, slots=True)
class Recorded:
    """What a recording has."""

    answers: int = 0
    rows: int = 0
    pages: int = 0
    redacted: int = 0  # secrets taken out of bodies
    complete: bool = False  # the last page is in it

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return {name: getattr(self, name) for name in ("answers", "rows", "pages", "redacted", "complete")}


class Recorder:
    """Takes each exchange down."""

    def __init__(self, file: TextIO, recorded: Recorded) -> None:
        self._file, self._recorded = file, recorded

    def play(self, question: Question) -> Answer | None:
        """Nothing: the far end is asked."""
        return None

    def take(self, question: Question, answer: Answer) -> None:
        """Write the exchange."""
        line, hidden = line_of(question, answer)
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._recorded.answers += 1
        self._recorded.redacted += hidden


def record(run: Run, to: Path, *, most: int) -> Recorded:
    """Ask for the pages that a sync would read, at most so many, and write them down.

    The file is there when it is whole, or not at all. Raises the far end's errors and InvalidRequest (bad_recording).
    """
    recorded = Recorded()
    if to.suffix == ".json":
        _record_for_tests(run, to, recorded, most)
        return recorded
    with _draft(to) as file:
        file.write(json.dumps(_head(run)) + "\n")
        with using(Recorder(file, recorded)):
            _read(run, recorded, most)
        file.write(json.dumps({"end": recorded.told()}) + "\n")
    return recorded


def _record_for_tests(run: Run, to: Path, recorded: Recorded, most: int) -> None:
    """As a file of answers, which people read and tests of a system play."""
    from sync.testing.recorder import Recorder as Taker

    with Taker(run.registered.system.name, to) as taker:
        _read(run, recorded, most)
    recorded.answers, recorded.redacted = taker.answers, taker.redacted
    try:
        taker.write()
    except OSError as error:
        raise InvalidRequest(f"{to} cannot be written: {error.strerror}.", code="bad_recording") from error


def _read(run: Run, recorded: Recorded, most: int) -> None:
    source = run.registered.entity.source
    for page in run.registered.system.client().pages(source, run.ask(run.segments[0])):
        recorded.pages += 1
        recorded.rows += len(page.rows)
        recorded.complete = page.next is None
        if recorded.complete or recorded.pages == most:
            break


def _head(run: Run) -> dict[str, Any]:
    return {
        "bridge_recording": FORMAT,
        "entity": run.registered.path,
        "since": run.since,
        "page_size": run.page_size,
        "began": run.began.isoformat(),
    }


@contextmanager
def _draft(to: Path) -> Iterator[TextIO]:
    draft = to.with_name(f".{to.name}.{os.getpid()}")
    try:
        with gzip.open(draft, "wt", encoding="utf-8", errors="surrogatepass") as file:
            yield file
        draft.replace(to)
    except OSError as error:
        raise InvalidRequest(f"{to} cannot be written: {error.strerror}.", code="bad_recording") from error
    finally:
        draft.unlink(missing_ok=True)
