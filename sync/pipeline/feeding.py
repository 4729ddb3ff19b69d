"""Rows of the change feed in COPY's binary format: arrays go over as they lie, no number is written out and read."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from sync.pipeline.copying import HEADER, TRAILER, micros

CHANGES_A_ROW = 1_000
_OPS = {"insert": b"i", "update": b"u"}
_UUID, _INT4 = 2950, 23  # numbers of PostgreSQL's types
_COLUMNS = 8


def number_of(landed: pl.DataFrame) -> int:
    """How many of the rows that were written are changes."""
    return int(landed["op"].is_in(list(_OPS)).sum())


def feed(landed: pl.DataFrame, *, entity_id: int, batch_id: int, at: datetime, after: int) -> bytes:
    """The rows for `note_changes`, 1,000 changes of one kind each, numbered from the one `after` that number."""
    rows = []
    for op, keys, revisions in _chunks(landed):
        last = after + len(revisions)
        fields = (
            struct.pack(">h", entity_id),
            struct.pack(">q", last),
            struct.pack(">q", after + 1),
            op,
            _array(_UUID, keys),
            _array(_INT4, revisions),
            struct.pack(">q", batch_id),
            struct.pack(">q", micros(at)),
        )
        rows.append(struct.pack(">h", _COLUMNS))
        rows += [struct.pack(">i", len(value)) + value for value in fields]
        after = last
    return b"".join((HEADER, *rows, TRAILER))


def _chunks(landed: pl.DataFrame) -> Iterator[tuple[bytes, npt.NDArray[Any], npt.NDArray[Any]]]:
    for op, letter in _OPS.items():
        rows = landed.filter(pl.col("op") == op)
        keys = np.frombuffer(bytes.fromhex(rows["key"].str.join("").item()), "V16")
        revisions = rows["revision"].to_numpy().astype(">i4")
        for start in range(0, rows.height, CHANGES_A_ROW):
            yield letter, keys[start : start + CHANGES_A_ROW], revisions[start : start + CHANGES_A_ROW]


def _array(kind: int, values: npt.NDArray[Any]) -> bytes:
    """An array of one dimension without nulls, as PostgreSQL sends and receives it."""
    elements = np.empty(len(values), [("length", ">i4"), ("value", values.dtype)])
    elements["length"], elements["value"] = values.dtype.itemsize, values
    return struct.pack(">iiIii", 1, 0, kind, len(values), 1) + elements.tobytes()
