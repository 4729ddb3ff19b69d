"""Reads the hashes of all live records; those of a large table on a thread of its own, while rows are asked about."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextvars import copy_context
from functools import partial

import numpy as np
import numpy.typing as npt
import psycopg
from django.db import connection, connections, transaction

from sync.pipeline.hashes import Hashes, Numbers, numbers
from sync.queries import query

Answer = npt.NDArray[np.bool_]
_PAGES_A_STRETCH = 8_192  # of the table: some 100,000 rows, in a twentieth of a second


class Reading:
    """Hashes as of one moment, a stretch of the table after the other."""

    def __init__(self, hashes: Hashes, leaf: str | None = None, *, apart: bool = False) -> None:
        """Add those of a table, or begin to: `apart`, on a thread. Without a table all are there."""
        self._hashes = hashes
        self._more = threading.Condition()  # held by whoever uses the hashes
        self._error: BaseException | None = None
        self._closed = False
        self._thread: threading.Thread | None = None
        self.ended = leaf is None
        if leaf and apart:
            read = partial(copy_context().run, self._read, leaf)
            self._thread = threading.Thread(target=read, name="memo", daemon=True)
            self._thread.start()
        elif leaf:
            self._take(_stretches(leaf))
            self.ended = True

    @property
    def found(self) -> int:
        """How many hashes were read so far."""
        return len(self._hashes)

    def answer(self, question: Callable[[Hashes], Answer], most_open: int) -> Answer:
        """Ask when all is read, or as soon as at most so many answers are no. Raises what reading raised."""
        with self._more:
            if not most_open:
                self._more.wait_for(lambda: self.ended)
            while True:
                if self._error is not None:
                    raise self._error
                known = question(self._hashes)
                if self.ended or len(known) - np.count_nonzero(known) <= most_open:
                    return known
                self._more.wait()

    def close(self) -> None:
        """Stop."""
        self._closed = True
        if self._thread is not None:
            self._thread.join()

    def _read(self, leaf: str) -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                # One moment for all stretches: what this run itself writes meanwhile is not among them.
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                # Page after page, most of them in the system's memory: asking others to read ahead costs more CPU.
                cursor.execute("SET LOCAL effective_io_concurrency = 0")
                self._take(_stretches(leaf))
        except BaseException as error:  # raised again where an answer is waited for
            self._error = error
        finally:
            with self._more:
                self.ended = True
                self._more.notify_all()
            connections.close_all()

    def _take(self, stretches: Iterator[Numbers]) -> None:
        for stretch in stretches:
            if self._closed:
                return
            with self._more:
                self._hashes.add(stretch)
                self._more.notify_all()


def _stretches(leaf: str) -> Iterator[Numbers]:
    """The hashes of all live records as of now, a stretch of the table after the other."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(query("pages_of_leaf", leaf=leaf))
        found = cursor.fetchone()
        pages = found[0] if found else 0
        for first in range(0, pages, _PAGES_A_STRETCH):
            # The last stretch is open: rows may have been added meanwhile.
            until = first + _PAGES_A_STRETCH if first + _PAGES_A_STRETCH < pages else 2**32 - 2
            given = {"first": f"({first},0)", "until": f"({until},0)"}
            cursor.execute(query("stored_hashes", leaf=leaf), given, binary=True)
            row = cursor.fetchone()
            if row and row[0]:
                yield numbers(row[0])
