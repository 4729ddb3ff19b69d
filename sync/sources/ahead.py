"""The next page is asked for while the one before is taken apart: never two requests at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextvars import copy_context
from functools import partial
from queue import SimpleQueue
from threading import Thread
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
        self._wanted: SimpleQueue[tuple[Place, Future[Answer]] | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._asked: tuple[Place, Future[Answer]] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._wanted.put(None)

    def ask(self, place: Place) -> None:
        """Ask for the page at a place; its answer, or its error, is what `take` gives for that place."""
        if self._thread is None:
            # As a daemon: a process that ends waits for no far end.
            serve = partial(copy_context().run, self._serve)
            self._thread = Thread(target=serve, name="ask-ahead", daemon=True)
            self._thread.start()
        self._asked = (place, Future())
        self._wanted.put(self._asked)

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

    def _serve(self) -> None:
        try:
            while wanted := self._wanted.get():
                place, answer = wanted
                try:
                    answer.set_result(self._get(place))
                except BaseException as error:  # raised again where the page is taken
                    answer.set_exception(error)
        finally:
            connections.close_all()  # the look at the budget opened one for this thread
