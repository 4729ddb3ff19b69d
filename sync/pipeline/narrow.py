"""Writes rows by COPY and one upsert; narrows a refusal by the database to the row that caused it."""

from __future__ import annotations

import io
import uuid
from dataclasses import replace
from typing import Any

import polars as pl
from django.db import DataError, Error, IntegrityError, OperationalError, transaction

from sync.pipeline.batch import Batch, Fault, Landed, SetAside
from sync.queries import query

_PROGRAM_LIMIT = (
    "54"  # SQLSTATE class, such as an index row that is too large: the row's fault, not the server's
)


def write_narrowed(cursor: Any, batch: Batch) -> Batch:
    """The batch with `landed` filled, and the rows that the database refused set aside (stage ingest)."""
    if not batch.frame.height:
        return batch
    cursor.execute(query("make_stage"))
    landed, refused = _write(cursor, batch, batch.frame.sort("_key_hash"))
    aside = tuple(_set_aside(batch, row, error) for row, error in refused)
    gone = pl.Series([row["_row"] for row, _ in refused], dtype=pl.UInt32)
    return replace(
        batch,
        frame=batch.frame.filter(~pl.col("_row").is_in(gone.implode())),
        landed=tuple(Landed(key_hash=key, revision=revision, op=op) for key, revision, op in landed),
        aside=(*batch.aside, *aside),
    )


_Row = dict[str, Any]
_Landed = list[tuple[uuid.UUID, int, str]]


def _write(cursor: Any, batch: Batch, frame: pl.DataFrame) -> tuple[_Landed, list[tuple[_Row, Error]]]:
    try:
        with transaction.atomic():
            return _upsert(cursor, batch, frame), []
    except (DataError, IntegrityError, OperationalError) as error:
        if not _is_of_a_row(error):
            raise
        if frame.height == 1:
            return [], [(frame.row(0, named=True), error)]
    half = frame.height // 2
    first, refused = _write(cursor, batch, frame.head(half))
    second, more = _write(cursor, batch, frame.tail(frame.height - half))
    return first + second, refused + more


def _upsert(cursor: Any, batch: Batch, frame: pl.DataFrame) -> _Landed:
    assert batch.run is not None
    cursor.execute("TRUNCATE stage")
    with cursor.copy(query("fill_stage")) as copy:
        copy.write(_as_csv(batch, frame))
    cursor.execute(query("upsert_records", leaf=batch.run.leaf, entity_id=batch.run.entity_id))
    return list(cursor.fetchall())


def _as_csv(batch: Batch, frame: pl.DataFrame) -> bytes:
    rows = frame["_row"]
    raw_hashes = pl.Series("_raw_hash", batch.raw_hashes, dtype=pl.Binary).gather(rows)
    lineage = "_batch_id" in frame.columns  # woken children keep the place where they were read
    content = io.BytesIO()
    frame.with_columns(raw_hashes).select(
        pl.col("_key_hash").bin.encode("hex"),
        pl.col("_raw_hash").bin.encode("hex"),
        pl.col("_version"),
        pl.col("_synced_at").dt.to_string("%Y-%m-%dT%H:%M:%S%.6f+00").alias("_at"),
        pl.col("_batch_id") if lineage else pl.lit(batch.id).alias("_batch_id"),
        pl.col("_row_no") if lineage else pl.col("_row").alias("_row_no"),
        pl.lit(batch.mapping).alias("_mapping"),
        pl.concat_str(pl.lit("\\x"), pl.col("_data_hash").bin.encode("hex")).alias("_hash"),
        pl.col("_data"),
    ).write_csv(content, include_header=False, separator="\x02", quote_style="never")
    return content.getvalue()


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
