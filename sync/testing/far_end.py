"""A far end for tests: a real HTTP server that gives recorded answers to whoever asks a system."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from msgspec import UNSET

from sync.errors import ConfigError
from sync.outbound.stand_in import standing_in
from sync.registry import registry
from sync.testing.answers import BadAnswers, Exchange, Mood, Reply, Request, check, raw_json, read_answers
from sync.testing.matching import Asked, differences, fits_path, says
from sync.testing.recorder import Recorder
from sync.testing.serving import serving

NOT_RECORDED = 501
"""Status of the answer to a request that nothing was recorded for: no far end says that by itself."""
_open: list[FarEnd] = []
_strangers: list[str] = []


class NotRecorded(AssertionError):  # noqa: N818 - reads as what it names
    """The far end was asked something that it has no answer for."""


class _Kept:
    """Answers to one request, and how many were given."""

    def __init__(self, exchange: Exchange, where: str) -> None:
        self.request, self.replies = exchange.request, list(exchange.answers)
        self.repeat, self.where, self.given = exchange.repeat, where, 0

    @property
    def is_empty(self) -> bool:
        return not self.repeat and self.given >= len(self.replies)

    def next(self) -> Reply:
        reply = self.replies[min(self.given, len(self.replies) - 1)]
        self.given += 1
        return reply


class FarEnd:
    """Stands in for a system while its block runs: each of the system's requests comes here, in whatever thread.

    Answers are those of files (`load`) and of the test (`answer`). What was asked is in `asked`. `recording=True` asks
    the system itself, and writes what it answered into the file that is loaded.
    """

    def __init__(
        self, system: str, *files: str | Path, recording: bool = False, folder: Path | None = None
    ) -> None:
        """`folder` is where the files' names begin, by default the working directory."""
        known = [one.name for one in registry.systems]
        if system not in known:
            raise ValueError(f"There is no system {system!r}; loaded are: {', '.join(known) or 'none'}.")
        self.system = system
        self.url = ""
        self.asked: list[Asked] = []
        self.recording = recording
        self._files, self._folder = files, folder or Path()
        self._kept: list[_Kept] = []
        self._unknown: list[str] = []
        self._lock = threading.Lock()
        self._stack = ExitStack()
        self._recorder: Recorder | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.url = stack.enter_context(serving(self._answer))
            stack.enter_context(standing_in(self.system, self.url))
            _open.append(self)
            stack.callback(_open.remove, self)
            for file in self._files:
                self._load(self._folder / file, stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        if kind is None:
            self.complain()

    def load(self, file: str | Path) -> None:
        """Give the answers of a file too. Raises BadAnswers with what is wrong with it."""
        self._load(self._folder / file, self._stack)

    def answer(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        sent: Any = UNSET,
        json: Any = UNSET,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
        mood: Mood | None = None,
        delay: float = 0.0,
        repeat: bool = True,
    ) -> None:
        """Answer a request so; a second answer to the same request is given after the first.

        `query` and `sent`, a JSON body, choose the request as in a file. Raises BadAnswers.
        """
        if self._recorder:
            words = f"{self._recorder.path} is being recorded, so this answer would not be given:"
            raise BadAnswers(f"{words} run this test without --bridge-record.")
        request = Request(
            method=method,
            path=path,
            query=dict(query or {}),
            json=sent if sent is UNSET else raw_json(sent),
        )
        reply = Reply(
            status=status,
            headers=dict(headers or {}),
            json=json if json is UNSET else raw_json(json),
            body=body,
            mood=mood,
            delay=delay,
        )
        exchange = Exchange(request=request, answers=[reply], repeat=repeat)
        check(exchange, f"{method} {path}")
        self._keep(exchange, "the test")

    def clear(self) -> None:
        """Forget all answers, and what was asked."""
        with self._lock:
            self._kept.clear()
            self.asked.clear()

    def requests(self, method: str | None = None, path: str | None = None) -> list[Asked]:
        """What was asked, oldest first: all, or those of a method and a path, in which `*` is any part."""
        return [
            one
            for one in list(self.asked)
            if (method is None or one.method == method.upper())
            and (path is None or fits_path(path, one.path))
        ]

    def complain(self) -> None:
        """Raise NotRecorded where something was asked that has no answer; once for each."""
        with self._lock:
            unknown, self._unknown = self._unknown, []
        if unknown:
            raise NotRecorded("\n".join(dict.fromkeys(unknown)))

    def _load(self, path: Path, stack: ExitStack) -> None:
        if self.recording:
            if self._recorder is None:
                stack.enter_context(standing_in(self.system, None))
                self._recorder = Recorder(self.system, path)
                stack.callback(self._recorder.write)
                stack.enter_context(self._recorder)
            return
        for exchange in read_answers(path).exchanges:
            self._keep(exchange, str(path))

    def _keep(self, exchange: Exchange, where: str) -> None:
        with self._lock:
            for kept in self._kept:
                if kept.request == exchange.request:
                    kept.replies += exchange.answers
                    kept.repeat, kept.where = exchange.repeat, where
                    return
            self._kept.append(_Kept(exchange, where))

    def _answer(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
            meant = [kept for kept in self._kept if not differences(kept.request, asked)]
            # The first of those that say most, as max() takes it.
            if left := [kept for kept in meant if not kept.is_empty]:
                return max(left, key=lambda kept: says(kept.request)).next()
            words = self._words(asked, meant)
            self._unknown.append(words)
        return Reply(status=NOT_RECORDED, body=words)

    def _words(self, asked: Asked, meant: list[_Kept]) -> str:
        said = f"The far end of {self.system} was asked {asked}, and has no answer"
        if meant:
            kept = meant[0]
            return f"{said} left: {kept.where} has {len(kept.replies)} for this request, and repeat is false."
        add = f'Record it (`pytest --bridge-record`), or add far_end.answer("{asked.method}", "{asked.path}", …).'
        if not self._kept:
            return f"{said}: none was given. {add}"
        nearest = min(self._kept, key=lambda kept: len(differences(kept.request, asked)))
        request = nearest.request
        what = "; ".join(differences(request, asked))
        return f"{said}. Nearest is {request.method} {request.path} of {nearest.where}, but {what}. {add}"


def complain() -> None:
    """Raise NotRecorded where a far end was asked something that it has no answer for, or none was there to ask."""
    for far_end in _open:
        far_end.complain()
    if _strangers:
        words = "\n".join(dict.fromkeys(_strangers))
        _strangers.clear()
        raise NotRecorded(words)


def refuse(system: str) -> None:
    """Let no test ask a real far end unasked. Raises ConfigError (no_far_end)."""
    words = f'The test would ask the real {system}: use the fixture far_end, or `with FarEnd("{system}")`.'
    _strangers.append(words)
    raise ConfigError(words, code="no_far_end")
