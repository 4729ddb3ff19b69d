"""Stage 6, delta: what the mirror holds already goes no further. The upsert decides again, under its row locks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
from django.db import connection

from sync.pipeline.batch import Batch
from sync.queries import query

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# What the mirror holds of a key.
STORED: dict[str, pl.DataType | type[pl.DataType]] = {
    "_key_hash": pl.Binary,
    "_stored_version": pl.Int64,
    "_stored_at": pl.Datetime("us", "UTC"),
    "_stored_hash": pl.Binary,
    "_deleted": pl.Boolean,
}


def delta(batch: Batch) -> Batch:
    """Add `_op` and `_synced_at`; skip older rows and equal ones; keep the newest of equal keys. Reads the mirror."""
    if not batch.frame.height:
        return batch
    frame = batch.frame.with_columns(_moments(batch.asked_at).gather(batch.frame["_row"]))
    newest = _newest(frame)
    repeated = frame.height - newest.height
    assert batch.run is not None
    going = newest.with_columns(_op=pl.lit("insert")) if batch.run.first_load else _going(batch, newest)
    skipped = newest.height - going.height
    kept = ("_key_hash", "_version", "_synced_at", *(("_data_hash",) if batch.run.told else ()))
    batch = replace(batch, frame=going, good=newest.select(kept))
    return batch.counting(skipped=repeated + skipped)


def _going(batch: Batch, newest: pl.DataFrame) -> pl.DataFrame:
    told = newest.join(_stored(batch, newest["_key_hash"]), on="_key_hash", how="left")
    told = _steady(batch, told.with_columns(_op().alias("_op")))
    going = told.filter(pl.col("_op") != "skip")
    return going.drop("_stored_version", "_stored_at", "_stored_hash", "_deleted")


def _moments(asked_at: Sequence[datetime]) -> pl.Series:
    # Rows of a page share their moment: converting each of them took as long as all the rest of this stage.
    micros = {moment: (moment - _EPOCH) // _MICROSECOND for moment in set(asked_at)}
    counted = pl.Series("_synced_at", [micros[moment] for moment in asked_at], dtype=pl.Int64)
    return counted.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def with_moments(batch: Batch) -> Batch:
    """The batch as delta leaves it, where it is known that each of its rows is to be written anew."""
    asked = pl.Series("_synced_at", batch.asked_at, dtype=pl.Datetime("us", "UTC"))
    frame = batch.frame.with_columns(
        asked.gather(batch.frame["_row"]).alias("_synced_at"), pl.lit("rewrite").alias("_op")
    )
    return replace(batch, frame=frame, good=frame.select("_key_hash", "_version", "_synced_at"))


def _newest(frame: pl.DataFrame) -> pl.DataFrame:
    if frame["_key_hash"].n_unique() == frame.height:
        return frame
    by_age = frame.sort("_version", "_synced_at", "_row")
    return by_age.unique("_key_hash", keep="last", maintain_order=True)


def _steady(batch: Batch, told: pl.DataFrame) -> pl.DataFrame:
    """Rows of one key and version that differ: the one the mirror holds stands, where it came again with this batch.

    Otherwise a source that has a key twice would change its record with every read, to and fro.
    """
    contested = (pl.col("_op") == "update") & (pl.col("_version") == pl.col("_stored_version"))
    keys = told.filter(contested)["_key_hash"] if batch.known else told["_key_hash"].clear()
    if not len(keys):
        return told
    assert batch.run is not None
    with connection.cursor() as cursor:
        statement = query("raw_hashes", leaf=batch.run.leaf, entity_id=batch.run.entity_id)
        cursor.execute(statement, {"keys": [key.hex() for key in keys]})
        known = set(batch.known)
        here = [key.bytes for key, raw_hash in cursor.fetchall() if raw_hash.bytes in known]
    standing = contested & pl.col("_key_hash").is_in(pl.lit(pl.Series(here, dtype=pl.Binary)).implode())
    return told.with_columns(pl.when(standing).then(pl.lit("skip")).otherwise("_op").alias("_op"))


def _stored(batch: Batch, keys: pl.Series) -> pl.DataFrame:
    assert batch.run is not None
    rows = []
    if len(keys):
        with connection.cursor() as cursor:
            statement = query("stored_rows", leaf=batch.run.leaf, entity_id=batch.run.entity_id)
            cursor.execute(statement, {"keys": [key.hex() for key in keys]})
            rows = [(row[0].bytes, row[1], row[2], bytes(row[3]), row[4]) for row in cursor.fetchall()]
    found = pl.DataFrame(rows, schema=STORED, orient="row")
    ahead = batch.run.ahead
    if ahead is None:
        return found
    written = ahead.filter(pl.col("_key_hash").is_in(keys.implode()))
    return pl.concat([found.join(written, on="_key_hash", how="anti"), written])


def _op() -> pl.Expr:
    version, stored = pl.col("_version"), pl.col("_stored_version")
    same_data = pl.col("_data_hash") == pl.col("_stored_hash")
    later = pl.col("_synced_at") > pl.col("_stored_at")
    return (
        pl.when(stored.is_null())
        .then(pl.lit("insert"))
        .when(pl.col("_deleted"))
        .then(pl.when(later).then(pl.lit("revive")).otherwise(pl.lit("skip")))
        .when(version < stored)
        .then(pl.lit("skip"))
        .when(same_data)
        .then(pl.when(version > stored).then(pl.lit("touch")).otherwise(pl.lit("skip")))
        .when((version > stored) | later)
        .then(pl.lit("update"))
        .otherwise(pl.lit("skip"))
    )
