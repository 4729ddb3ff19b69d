"""The next page is asked for while the one before is taken apart: never two requests at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from types import TracebackType
from typing import Self

from django.db import connections

from sync.http import Answer
from sync.sources import Json

Place = Mapping[str, Json]


class Ahead:
    """Asks for pages by their place, one of them ahead where it is known that it will be wanted."""

    def __init__(self, get: Callable[[Place | None], Answer]) -> None:
        self._get = get
        self._thread: ThreadPoolExecutor | None = None
        self._asked: tuple[Place, Future[Answer]] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        if self._thread is not None:
            self._thread.submit(connections.close_all)  # the look at the budget opened one for that thread
            self._thread.shutdown(wait=False)

    def ask(self, place: Place) -> None:
        """Ask for the page at a place; its answer, or its error, is what `take` gives for that place."""
        self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="ask-ahead")
        self._asked = (place, self._thread.submit(copy_context().run, self._get, place))

    def take(self, place: Place | None) -> Answer:
        """The answer for a place. Raises what asking raised."""
        asked, self._asked = self._asked, None
        if asked is None:
            return self._get(place)
        guessed, answer = asked
        if guessed == place:
            return answer.result()
        answer.exception()  # waited for and left: the far end is asked one thing at a time
        return self._get(place)
