"""The memo: which bytes the mirror already holds, so that an unchanged row is not even parsed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import psycopg
from django.db import connection

from sync.queries import query

MOST_ROWS = 16_000_000
"""A row takes 16 bytes of the worker: above this each batch's rows are looked up by their keys."""
SHARE = 50
"""Reading all hashes takes as long as looking up about this share of the rows."""
_PAGES_A_RUN = 65_536  # of the table: some 800,000 rows, so that sorting them takes little memory


@dataclass(frozen=True, slots=True)
class _Run:
    """Hashes in two halves, sorted by the low one."""

    low: npt.NDArray[np.uint64]
    high: npt.NDArray[np.uint64]
    met: npt.NDArray[np.bool_]  # which of them were asked for

    def holds(self, low: npt.NDArray[np.uint64], high: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
        """Whether each of these is among them; it counts as met from now on."""
        found, at = self._find(low, high)
        self.met[at[found]] = True
        return found

    def has_met(self, low: npt.NDArray[np.uint64], high: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
        """Whether each of these is among them, and was asked for before."""
        found, at = self._find(low, high)
        return found & self.met[at]

    def _find(
        self, low: npt.NDArray[np.uint64], high: npt.NDArray[np.uint64]
    ) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
        place = np.searchsorted(self.low, low)
        found = np.zeros(len(low), bool)
        # Equal low halves are all but impossible, yet a wrong skip would lose a change: look at each of a row.
        while True:
            at = np.minimum(place, len(self.low) - 1)
            alike = (place < len(self.low)) & (self.low[at] == low)
            found |= alike & (self.high[at] == high)
            if not (alike & ~found).any():
                return found, at
            place = np.where(found, place, place + 1)


_Question = Callable[[_Run, npt.NDArray[np.uint64], npt.NDArray[np.uint64]], npt.NDArray[np.bool_]]


class Memo:
    """Raw hashes of an entity's live records; they are read when so many rows are asked about that it pays."""

    def __init__(self, leaf: str = "", live_rows: int = 0, *, whole: bool = False) -> None:
        """`whole`: about as many rows will be asked about as there are records."""
        self._leaf = leaf
        self._live_rows = live_rows
        self._whole = whole
        self._asked = 0
        self._runs: list[_Run] | None = None if live_rows else []

    @classmethod
    def read(cls, statement: str) -> Memo:
        """The memo of those hashes only that a query gives, joined to one value."""
        memo = cls()
        connection.ensure_connection()
        with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
            row = cursor.execute(statement, binary=True).fetchone()
        if row and row[0]:
            memo._runs = [_sorted(row[0])]
        return memo

    def pays(self, rows: int) -> bool:
        """Whether so many more rows are better asked of `knows` than looked up by their keys."""
        self._asked += rows
        if self._runs is not None:
            return True
        return self._live_rows <= MOST_ROWS and (self._whole or self._asked > self._live_rows // SHARE)

    def knows(self, hashes: Sequence[bytes]) -> npt.NDArray[np.bool_]:
        """For each hash (16 bytes, big-endian) whether a live record has it."""
        if self._runs is None:
            self._runs = list(_runs(self._leaf))
        return self._ask(hashes, _Run.holds)

    @property
    def answered(self) -> bool:
        """Whether any hash can have been met."""
        return bool(self._runs)

    def met(self, hashes: Sequence[bytes]) -> npt.NDArray[np.bool_]:
        """For each hash whether `knows` was asked for it before, and knew it."""
        return self._ask(hashes, _Run.has_met)

    def _ask(self, hashes: Sequence[bytes], what: _Question) -> npt.NDArray[np.bool_]:
        found = np.zeros(len(hashes), bool)
        if not self._runs or not hashes:
            return found
        low, high = _halves(b"".join(hashes))
        order = np.argsort(low)  # sorted, neighbours are looked for in neighbouring memory
        low, high = low[order], high[order]
        known = [what(run, low, high) for run in self._runs]
        found[order] = np.logical_or.reduce(known)
        return found


def _runs(leaf: str) -> Iterator[_Run]:
    """The hashes of all live records as of now, a stretch of the table after the other."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(query("pages_of_leaf", leaf=leaf))
        found = cursor.fetchone()
        pages = found[0] if found else 0
        for first in range(0, pages, _PAGES_A_RUN):
            # The last stretch is open: rows may have been added meanwhile.
            until = first + _PAGES_A_RUN if first + _PAGES_A_RUN < pages else 2**32 - 2
            given = {"first": f"({first},0)", "until": f"({until},0)"}
            cursor.execute(query("stored_hashes", leaf=leaf), given, binary=True)
            row = cursor.fetchone()
            if row and row[0]:
                yield _sorted(row[0])


def _sorted(hashes: bytes) -> _Run:
    low, high = _halves(hashes)
    order = np.argsort(low)
    return _Run(low[order], high[order], np.zeros(len(order), bool))


def _halves(hashes: bytes) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    numbers = np.frombuffer(hashes, ">u8").reshape(-1, 2)
    return numbers[:, 1].astype(np.uint64), numbers[:, 0].astype(np.uint64)
