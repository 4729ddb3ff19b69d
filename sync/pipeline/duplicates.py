"""Rows of one read that share a key: which of them stands, and what the job's log tells of the others.

The newest version stands. Of equal ones the one that came first with this read stands, as soon as they lie in
different batches: the next read finds it again, while two that took turns would be written with every read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl
from django.db import connection

from sync.pipeline.hashes import among
from sync.queries import query

if TYPE_CHECKING:
    from sync.pipeline.batch import Batch
    from sync.pipeline.run import Run

MOST_NAMED = 5


@dataclass(slots=True)
class Duplicates:
    """What a run knows of them. Writers share it."""

    batches: set[int] = field(default_factory=set)  # ids of those that this run wrote
    keys: list[str] = field(default_factory=list)  # some that came more than once


def is_read(run: Run) -> bool:
    """Whether equal keys tell of the far end; of what it sent by itself each has its own moment."""
    return run.stream is not None and not run.told and run.by_key is None


def noted(batch: Batch, rows: pl.DataFrame) -> Batch:
    """The batch with these rows counted, whose keys other rows of the read have too."""
    run = batch.run
    if run is None or not rows.height or not is_read(run):
        return batch
    with run.lock:
        for row in rows.head(MOST_NAMED).select(batch.registered.entity.key).iter_rows():
            key = ",".join(row)
            if len(run.duplicates.keys) < MOST_NAMED and key not in run.duplicates.keys:
                run.duplicates.keys.append(key)
    return batch.counting(duplicates=rows.height)


def standing(batch: Batch, told: pl.DataFrame) -> pl.Series:
    """Which rows give way to a record of equal version, because this read brought the record's row already."""
    contested = told.select(
        (pl.col("_op") == "update") & (pl.col("_version") == pl.col("_stored_version"))
    ).to_series()
    assert batch.run is not None
    own = (
        told["_own"].fill_null(value=False)
        if is_read(batch.run)
        else pl.repeat(False, told.height, eager=True)
    )
    asked = told.filter(contested & ~own)["_key_hash"]
    if not len(asked) or not (batch.known or batch.run.memo.answered):
        return contested & own
    came = pl.Series(_came(batch, asked), dtype=pl.Binary)
    return contested & (own | told["_key_hash"].is_in(came.implode()))


def tell(run: Run, number: int) -> None:
    """Say at the end of a read that keys came more than once."""
    if number:
        run.claim.event("keys_repeated", rows=number, keys="; ".join(run.duplicates.keys))


def _came(batch: Batch, keys: pl.Series) -> list[bytes]:
    """The keys of which the mirror's bytes came with this batch, or with one of the read before."""
    assert batch.run is not None
    with connection.cursor() as cursor:
        statement = query("raw_hashes", leaf=batch.run.leaf, entity_id=batch.run.entity_id)
        cursor.execute(statement, {"keys": [key.hex() for key in keys]})
        held = [(key.bytes, raw_hash.bytes) for key, raw_hash in cursor.fetchall()]
    asked = b"".join(raw_hash for _, raw_hash in held)
    came = among(asked, batch.known) | batch.run.memo.met(asked)
    return [key for (key, _), met in zip(held, came.tolist(), strict=True) if met]
