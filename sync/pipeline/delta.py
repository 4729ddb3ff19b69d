"""Stage 6, delta: what the mirror holds already goes no further. The upsert decides again, under its row locks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from sync.pipeline.batch import Batch
from sync.pipeline.duplicates import noted, standing
from sync.pipeline.stored import STORED, stored_rows

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def delta(batch: Batch) -> Batch:
    """Add `_op` and `_synced_at`; skip older rows and equal ones; keep the newest of equal keys. Reads the mirror."""
    if not batch.frame.height:
        return batch
    frame = batch.frame.with_columns(_moments(batch.asked_at).gather(batch.frame["_row"]))
    newest = _newest(frame)
    run = batch.run
    assert run is not None
    batch = batch.counting(skipped=frame.height - newest.height)
    if frame.height > newest.height:
        batch = noted(batch, frame.join(newest.select("_row"), on="_row", how="anti"))
    kept = ("_key_hash", "_version", "_synced_at", *(("_data_hash",) if run.told else ()))
    batch = replace(batch, frame=newest, good=newest.select(kept))
    if run.first_load:
        return batch.with_frame(newest.with_columns(_op=pl.lit("insert")))
    return compared(batch)


def compared(batch: Batch) -> Batch:
    """The batch without the rows that the mirror holds as they are, or newer; these are counted as skipped."""
    told = batch.frame.join(_stored(batch, batch.frame["_key_hash"]), on="_key_hash", how="left")
    told = told.with_columns(_op().alias("_op"))
    gives_way = standing(batch, told)
    batch = noted(batch, told.filter(gives_way | told["_own"].fill_null(value=False)))
    going = told.filter((told["_op"] != "skip") & ~gives_way)
    batch = batch.counting(skipped=told.height - going.height)
    return batch.with_frame(going.drop(name for name in STORED if name != "_key_hash"))


def _moments(asked_at: Sequence[datetime]) -> pl.Series:
    # Rows of a page share their moment: converting each of them took as long as all the rest of this stage.
    micros = {moment: (moment - _EPOCH) // _MICROSECOND for moment in set(asked_at)}
    counted = pl.Series("_synced_at", np.fromiter(map(micros.__getitem__, asked_at), np.int64, len(asked_at)))
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


def _stored(batch: Batch, keys: pl.Series) -> pl.DataFrame:
    assert batch.run is not None
    run = batch.run
    found = stored_rows(keys, own=run.duplicates.batches, leaf=run.leaf, entity_id=run.entity_id)
    ahead = run.ahead
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
