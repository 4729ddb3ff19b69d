"""What the mirror holds of a batch's keys, fetched as one packed value: no object is made of any row."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import psycopg
from django.db import connection

from sync.pipeline.copying import EPOCH_MICROS
from sync.queries import query

STORED: dict[str, pl.DataType | type[pl.DataType]] = {
    "_key_hash": pl.Binary,
    "_stored_version": pl.Int64,
    "_stored_at": pl.Datetime("us", "UTC"),
    "_stored_hash": pl.Binary,
    "_deleted": pl.Boolean,
    "_own": pl.Boolean,  # this run wrote it
}
# As `stored_rows` joins its columns.
_ROW = np.dtype(
    [
        ("key", "V16"),
        ("version", ">i8"),
        ("at", ">i8"),
        ("hash", "V32"),
        ("deleted", "?"),
        ("batch", ">i8"),
    ]
)


def stored_rows(keys: pl.Series, *, own: Collection[int], **names: str | int) -> pl.DataFrame:
    """The live and deleted records of these key hashes (16 bytes) as STORED; `own` are batches of this run."""
    if not len(keys):
        return pl.DataFrame(schema=STORED)
    asked = "{" + keys.bin.encode("hex").str.join(",").item() + "}"
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(query("stored_rows", **names), {"keys": asked}, binary=True)
        found = cursor.fetchone()
    rows = np.frombuffer(found[0] or b"" if found else b"", _ROW)
    moments = pl.Series(rows["at"].astype(np.int64) + EPOCH_MICROS).cast(pl.Datetime("us"))
    columns = (
        _hashes(rows["key"]),
        pl.Series(rows["version"].astype(np.int64)),
        moments.dt.replace_time_zone("UTC"),
        _hashes(rows["hash"]),
        pl.Series(rows["deleted"]),
        pl.Series(np.isin(rows["batch"], list(own))),
    )
    return pl.DataFrame(dict(zip(STORED, columns, strict=True)), schema=STORED)


def _hashes(column: npt.NDArray[Any]) -> pl.Series:
    content = np.ascontiguousarray(column).view(np.uint8).reshape(len(column), column.dtype.itemsize)
    return (
        pl.Series(content, dtype=pl.Array(pl.UInt8, column.dtype.itemsize))
        .cast(pl.List(pl.UInt8))
        .cast(pl.Binary)
    )
