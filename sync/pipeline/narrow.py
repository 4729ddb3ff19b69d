"""Writes rows by COPY and one upsert; narrows a refusal by the database to the row that caused it.

A row that waits for its parent is refused as one that lands is: `parking` uses the same.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl
import polars.selectors as cs
from django.db import DataError, Error, IntegrityError, OperationalError, transaction

from sync.pipeline import copying
from sync.pipeline.batch import LANDED, Batch, Fault, SetAside
from sync.pipeline.delta import compared
from sync.queries import query

_PROGRAM_LIMIT = (
    "54"  # SQLSTATE class, such as an index row that is too large: the row's fault, not the server's
)
COPY_BYTES = 12 * 1024 * 1024
ROW_BYTES = 128
"""Of a record in the database, beside its data."""
_WRITTEN = cs.by_name("_row", "_key_hash", "_version", "_synced_at", "_data_hash", "_data")
_LINEAGE = ("_batch_id", "_row_no", "_mapping")
_Row = dict[str, Any]
Refused = tuple[int, Error]
"""The number of a row, and what the database said of it."""
T = TypeVar("T")


def write_narrowed(cursor: Any, batch: Batch) -> Batch:
    """The batch with `landed` filled, and the rows that the database refused set aside (stage ingest)."""
    if not batch.frame.height:
        return batch
    landed = _load(cursor, batch, _written(batch))
    refused: list[Refused] = []
    if landed is None:
        if batch.run and batch.run.first_load:
            batch = compared(batch)  # keys are there already, of another batch or by another writer
        written = _written(batch)
        cursor.execute(query("make_stage"))
        upsert = partial(_upsert, cursor, batch)
        parts = narrowed(written, upsert, refused) if written.height else []
        landed = pl.concat([pl.DataFrame(schema=LANDED), *parts])
    frame, aside = without(batch, batch.frame, refused)
    return replace(batch, frame=frame, landed=landed, aside=(*batch.aside, *aside))


def _written(batch: Batch) -> pl.DataFrame:
    return batch.frame.select(_WRITTEN | cs.by_name(*_LINEAGE, require_all=False)).sort("_key_hash")


def narrowed(frame: pl.DataFrame, write: Callable[[pl.DataFrame], T], refused: list[Refused]) -> list[T]:
    """What `write` returned for the rows, or for parts of them; rows that the database refused go into `refused`."""
    try:
        with transaction.atomic():
            return [write(frame)]
    except (DataError, IntegrityError, OperationalError) as error:
        if not _is_of_a_row(error):
            raise
        if frame.height == 1:
            refused.append((frame["_row"][0], error))
            return []
    half = frame.height // 2
    first = narrowed(frame.head(half), write, refused)
    return [*first, *narrowed(frame.tail(frame.height - half), write, refused)]


def without(
    batch: Batch, frame: pl.DataFrame, refused: Sequence[Refused]
) -> tuple[pl.DataFrame, list[SetAside]]:
    """The frame without the refused rows, and these set aside."""
    if not refused:
        return frame, []
    gone = pl.Series([number for number, _ in refused], dtype=pl.UInt32)
    aside = [_set_aside(batch, _row(frame, number), error) for number, error in refused]
    return frame.filter(~pl.col("_row").is_in(gone.implode())), aside


def _row(frame: pl.DataFrame, number: int) -> _Row:
    return frame.row(by_predicate=pl.col("_row") == number, named=True)


def _load(cursor: Any, batch: Batch, frame: pl.DataFrame) -> pl.DataFrame | None:
    """COPY straight into the leaf of an entity that has no records yet; None where that is not the way."""
    run = batch.run
    assert run is not None
    if not run.first_load or "_batch_id" in frame.columns:
        return None
    try:
        with transaction.atomic():
            cursor.execute("SELECT clock_timestamp()")
            moment = cursor.fetchone()[0]
            for part in frame.iter_slices(_rows_a_copy(frame)):
                more = {
                    "changed_at": copying.same(moment, part.height),
                    "entity_id": copying.same(run.entity_id, part.height, 2),
                }
                copying.send(cursor, query("fill_leaf", leaf=run.leaf), _binary(batch, part, **more))
    except (DataError, IntegrityError, OperationalError) as error:
        if not _is_of_a_row(error):
            raise
        return None  # another writer was faster with a key, or a row is refused: the upsert sorts it out
    key = pl.col("_key_hash").bin.encode("hex").alias("key")
    return frame.select(key, pl.lit(1, pl.Int32).alias("revision"), pl.lit("insert").alias("op"))


def _rows_a_copy(frame: pl.DataFrame) -> int:
    # PostgreSQL gives a COPY 16 MB of its buffers; one that needs more waits until its log is on the disk, and then
    # writes its own pages out.
    size = ROW_BYTES * frame.height + int(frame["_data"].str.len_bytes().sum())
    return max(1, -(-frame.height // max(1, -(-size // COPY_BYTES))))


def _upsert(cursor: Any, batch: Batch, frame: pl.DataFrame) -> pl.DataFrame:
    assert batch.run is not None
    cursor.execute("TRUNCATE stage")
    copying.send(cursor, query("fill_stage"), _binary(batch, frame))
    cursor.execute(query(batch.run.writes, leaf=batch.run.leaf, entity_id=batch.run.entity_id))
    return pl.DataFrame(cursor.fetchall(), schema=LANDED, orient="row")


def _binary(batch: Batch, frame: pl.DataFrame, **more: npt.NDArray[Any]) -> Iterator[bytes]:
    columns = {
        "key_hash": copying.hashes(frame["_key_hash"]),
        "raw_hash": copying.hashes(batch.raw_hashes)[frame["_row"].to_numpy()],
        "version": frame["_version"].to_numpy().astype(">i8"),
        "synced_at": copying.moments(frame["_synced_at"]),
        **_lineage(batch, frame),
        "data_hash": copying.hashes(frame["_data_hash"]),
    }
    return copying.binary_with_json(columns | more, frame["_data"])


def _lineage(batch: Batch, frame: pl.DataFrame) -> dict[str, npt.NDArray[Any]]:
    known = set(frame.columns)  # woken children keep the place where they were read, and its mapping
    batch_id = frame["_batch_id"].to_numpy() if "_batch_id" in known else np.full(frame.height, batch.id)
    mapping = frame["_mapping"].to_numpy() if "_mapping" in known else np.full(frame.height, batch.mapping)
    row_no = frame["_row_no" if "_row_no" in known else "_row"].to_numpy()
    return {
        "batch_id": batch_id.astype(">i8"),
        "row_no": row_no.astype(">i4"),
        "mapping": mapping.astype(">i2"),
    }


def _is_of_a_row(error: Error) -> bool:
    state = getattr(error.__cause__, "sqlstate", None) or ""
    return not isinstance(error, OperationalError) or state.startswith(_PROGRAM_LIMIT)


def _set_aside(batch: Batch, row: _Row, error: Error) -> SetAside:
    cause = error.__cause__
    primary = getattr(getattr(cause, "diag", None), "message_primary", None) or str(error)
    fault = Fault(
        stage="ingest",
        code="refused_by_database",
        message=f"The database refused this row: {primary}. Mend the value it names, or change the declaration.",
    )
    if (
        "_batch_id" in row
    ):  # a woken row has no more than its references in columns: it runs again from its bytes
        served, origin = {}, (row["_batch_id"], row["_row_no"])
    else:
        served, origin = {name: row[name] for name in batch.registered.names if name in row}, None
    fields = batch.registered.entity.fields
    return SetAside(
        row=row["_row"],
        faults=(fault,),
        key_hash=uuid.UUID(bytes=row["_key_hash"]),
        version=row["_version"],
        normalized={name: value for name, value in served.items() if name in fields} or None,
        mapped=served or None,
        origin=origin,
    )
