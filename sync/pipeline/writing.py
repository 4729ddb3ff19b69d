"""Batches worked and committed by threads with connections of their own, while the next ones are read."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from types import TracebackType

from django.db import connections

from sync.pipeline.batch import Batch

CONNECTIONS = 3
"""While PostgreSQL takes the rows of one batch, others are worked; with two a core was idle a sixth of the time."""

Step = Callable[[Batch], Batch]


def _as_it_is(batch: Batch) -> Batch:
    return batch


class Writers:
    """Each thread works and commits whole batches; none is begun before a run has more than one."""

    def __init__(self, commit: Step, work: Step = _as_it_is) -> None:
        self._work = work
        self._commit = commit
        self._waiting: queue.Queue[Batch | None] = queue.Queue(1)
        self._threads: list[threading.Thread] = []
        self._error: BaseException | None = None

    def __enter__(self) -> Writers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._end()
        if kind is None:
            self._raise()

    def put(self, batch: Batch) -> None:
        """Hand over a batch, waiting for a free writer. Raises what a commit before it raised."""
        if len(self._threads) < CONNECTIONS:
            # What the run's log lines carry (its job, its entity), those of its writers carry too.
            target = partial(copy_context().run, self._write)
            thread = threading.Thread(target=target, name="writer", daemon=True)
            self._threads.append(thread)
            thread.start()
        while True:
            self._raise()
            try:
                self._waiting.put(batch, timeout=0.2)
            except queue.Full:
                continue
            return

    def finish(self, batch: Batch) -> None:
        """Work the last batch here; commit it after all others have committed."""
        worked = self._work(batch)
        self._end()
        self._raise()
        self._commit(worked)

    def _write(self) -> None:
        try:
            while (batch := self._waiting.get()) is not None:
                if self._error is None:  # after one has failed nothing more is begun, only taken away
                    self._commit(self._work(batch))
        except BaseException as error:
            self._error = error
            while self._waiting.get() is not None:
                continue
        finally:
            connections.close_all()

    def _end(self) -> None:
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error
