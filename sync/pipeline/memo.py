"""The memo: which bytes the mirror already holds, so that an unchanged row is not even parsed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import psycopg
from django.db import connection

from sync.pipeline.hashes import HASH_BYTES, Hashes, numbers
from sync.pipeline.memo_reading import Reading

MOST_ROWS = 16_000_000
"""A row takes 24 bytes of the worker: above this each batch's rows are looked up by their keys."""
SHARE = 50
"""Reading all hashes takes as long as looking up about this share of the rows."""
APART = 200_000
"""So many records are worth a thread and a connection that read them while the far end is asked."""
NEARLY_ALL = 8
"""Rows are gone on with, while hashes are still being read, when all but this part of them were found."""


class Memo:
    """Raw hashes of an entity's live records; they are read when so many rows are asked about that it pays.

    Safe for threads that ask after the first answer.
    """

    def __init__(self, leaf: str = "", live_rows: int = 0, *, whole: bool = False) -> None:
        """`whole`: about as many rows will be asked about as there are records."""
        self._leaf = leaf
        self._live_rows = live_rows
        self._whole = whole
        self._asked = 0
        self._reading: Reading | None = None if live_rows else Reading(Hashes())

    @classmethod
    def read(cls, statement: str) -> Memo:
        """The memo of those hashes only that a query gives, joined to one value."""
        memo = cls()
        connection.ensure_connection()
        with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
            row = cursor.execute(statement, binary=True).fetchone()
        found = Hashes()
        found.add(numbers(row[0] or b"" if row else b""))
        memo._reading = Reading(found)
        return memo

    def pays(self, rows: int) -> bool:
        """Whether so many more rows are better asked of `knows` than looked up by their keys."""
        self._asked += rows
        if self._reading is not None:
            return True
        return self._live_rows <= MOST_ROWS and (self._whole or self._asked > self._live_rows // SHARE)

    def begin(self) -> None:
        """Begin to read where that takes a while and is sure to pay."""
        if self._reading is None and self._whole and APART <= self._live_rows <= MOST_ROWS:
            self._read()

    @property
    def complete(self) -> bool:
        """Whether all is read: what is not known now is not known at all."""
        return self._reading is not None and self._reading.ended

    def knows(self, hashes: bytes, *, early: bool = False) -> npt.NDArray[np.bool_]:
        """For each hash (16 bytes each, joined) whether a live record has it.

        `early`: as far as is known by now, where that is nearly all of them; else it waits for more.
        """
        asked = numbers(hashes)
        most_open = len(asked) // NEARLY_ALL if early else 0
        return self._read().answer(lambda held: held.meet(asked), most_open)

    @property
    def answered(self) -> bool:
        """Whether any hash can have been met."""
        return self._reading is not None and self._reading.found > 0

    def met(self, hashes: bytes) -> npt.NDArray[np.bool_]:
        """For each hash whether `knows` was asked for it before, and knew it."""
        if self._reading is None:
            return np.zeros(len(hashes) // HASH_BYTES, bool)
        asked = numbers(hashes)
        return self._reading.answer(lambda held: held.has_met(asked), len(asked))

    def close(self) -> None:
        """Read no further; nothing is asked after it."""
        if self._reading is not None:
            self._reading.close()

    def _read(self) -> Reading:
        if self._reading is None:
            apart = self._live_rows >= APART
            self._reading = Reading(Hashes(self._live_rows), self._leaf, apart=apart)
        return self._reading
