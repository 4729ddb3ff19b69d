"""Rows in COPY's binary format: the server reads it in less time than text, and nothing in it is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from django.db import connection

Column = npt.NDArray[Any]
Columns = Mapping[str, Column]
"""Columns of fixed width in the order of the statement, numbers with the big end first."""

PIECE_BYTES = 96 * 1024
"""Of a piece, about: psycopg cuts longer ones than 128 KiB apart, and what fits a core's cache is copied in it."""
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
"""What stands before and after all rows."""
_JSONB = 1  # the version of jsonb's own format, which is text
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
EPOCH_MICROS = 946_684_800_000_000
"""From 1970 to 2000, where PostgreSQL begins to count."""
_MICROSECOND = timedelta(microseconds=1)


def send(cursor: Any, statement: str, content: Iterable[bytes]) -> None:
    """Carry out a COPY … FROM STDIN with this content. Raises Django's database errors."""
    # Django wraps the errors of its cursors' calls, not those that leave a `with` of psycopg's.
    with connection.wrap_database_errors, cursor.copy(statement) as copy:
        for piece in content:
            copy.write(piece)


def binary(columns: Columns) -> bytes:
    """Rows of fixed width, whole."""
    return HEADER + _rows(columns).tobytes() + TRAILER


def binary_with_json(columns: Columns, json: pl.Series) -> Iterator[bytes]:
    """Rows of fixed width and of one jsonb column after them, in pieces."""
    rows = _rows(columns, ("json length", ">i4"), ("json version", "u1"))
    rows["fields"] += 1
    rows["json length"] = json.str.len_bytes().to_numpy() + 1
    rows["json version"] = _JSONB
    heads, bodies = rows.view(f"V{rows.dtype.itemsize}"), json.cast(pl.Binary)
    yield HEADER
    step = max(1, PIECE_BYTES * len(rows) // (1 + rows.nbytes + int(rows["json length"].sum())))
    for start in range(0, len(rows), step):
        piece = slice(start, start + step)
        pairs = zip(heads[piece].tolist(), bodies[piece].to_list(), strict=True)
        yield b"".join(chain.from_iterable(pairs))
    yield TRAILER


def hashes(column: pl.Series | Sequence[bytes]) -> npt.NDArray[Any]:
    """Hashes of one width as a column."""
    values = column.to_list() if isinstance(column, pl.Series) else column
    return np.frombuffer(b"".join(values), f"V{len(values[0])}")


def moments(column: pl.Series) -> npt.NDArray[Any]:
    """Moments (Datetime in microseconds, UTC) as a column."""
    return (column.to_physical().to_numpy() - EPOCH_MICROS).astype(">i8")


def micros(moment: datetime) -> int:
    """A moment as PostgreSQL has it: microseconds since 2000."""
    return (moment - _EPOCH) // _MICROSECOND


def same(value: int | datetime, rows: int, width: int = 8) -> npt.NDArray[Any]:
    """One number or moment in all rows."""
    number = micros(value) if isinstance(value, datetime) else value
    return np.full(rows, number, f">i{width}")


def _rows(columns: Columns, *more: tuple[str, str]) -> npt.NDArray[Any]:
    layout: list[tuple[str, Any]] = [("fields", ">i2")]
    for name, values in columns.items():
        layout += [(f"{name} length", ">i4"), (name, values.dtype)]
    rows = np.empty(len(next(iter(columns.values()))), np.dtype([*layout, *more]))
    rows["fields"] = len(columns)
    for name, values in columns.items():
        rows[f"{name} length"], rows[name] = values.dtype.itemsize, values
    return rows
