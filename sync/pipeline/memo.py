"""The memo: which bytes the mirror already holds, so that an unchanged row is not even parsed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from django.db import connection

from sync.queries import query

MOST_ROWS = 5_000_000
"""Above this the hashes would take more than 200 MB of a worker; the delta stage then skips by key alone."""

_HEADER, _TRAILER = 19, 2  # bytes around the rows of COPY's binary format
_ROW = np.dtype([("fields", ">i2"), ("length", ">i4"), ("high", ">u8"), ("low", ">u8")])


class Memo:
    """Raw hashes of live records, sorted for look-up."""

    def __init__(
        self, low: npt.NDArray[np.uint64] | None = None, high: npt.NDArray[np.uint64] | None = None
    ) -> None:
        self._low = low if low is not None else np.empty(0, np.uint64)
        self._high = high if high is not None else np.empty(0, np.uint64)

    @classmethod
    def load(cls, leaf: str, live_rows: int) -> Memo:
        """The memo of an entity as of now; empty for an empty or a very large one."""
        return cls.read(query("stored_hashes", leaf=leaf)) if 0 < live_rows <= MOST_ROWS else cls()

    @classmethod
    def read(cls, statement: str) -> Memo:
        """The memo of the hashes that a COPY gives."""
        content = bytearray()
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for block in copy:
                content += block
        rows = np.frombuffer(
            content, _ROW, count=(len(content) - _HEADER - _TRAILER) // _ROW.itemsize, offset=_HEADER
        )
        low = rows["low"].astype(np.uint64)
        order = np.argsort(low, kind="stable")
        return cls(low[order], rows["high"].astype(np.uint64)[order])

    def knows(self, hashes: Sequence[bytes]) -> npt.NDArray[np.bool_]:
        """For each hash (16 bytes, big-endian) whether a live record has it."""
        if not len(self._low) or not hashes:
            return np.zeros(len(hashes), bool)
        asked = np.frombuffer(b"".join(hashes), ">u8").reshape(-1, 2)
        high, low = asked[:, 0].astype(np.uint64), asked[:, 1].astype(np.uint64)
        first = np.searchsorted(self._low, low, "left")
        found = np.zeros(len(hashes), bool)
        # Equal low halves are all but impossible, yet a wrong skip would lose a change: look at each of a run.
        for step in range(int((np.searchsorted(self._low, low, "right") - first).max(initial=0))):
            place = np.minimum(first + step, len(self._low) - 1)
            found |= (self._low[place] == low) & (self._high[place] == high)
        return found
