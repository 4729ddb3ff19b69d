"""Stage 7, resolve: rows whose parent is not here leave the frame, to wait for it."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
from django.db import connection

from sync import schema
from sync.declare import Parent
from sync.pipeline.batch import Batch
from sync.pipeline.identity import hash_keys
from sync.queries import query
from sync.registry import registry


def resolve(batch: Batch) -> Batch:
    """Park each row at its first missing parent. A null in the reference means that there is no parent."""
    frame = batch.frame
    if not frame.height or not batch.registered.entity.parents:
        return batch
    parked: list[pl.DataFrame] = []
    # References to the own entity come last: a parent in this very batch counts only if it stays in it.
    for parent in sorted(batch.registered.entity.parents, key=lambda parent: _is_self(batch, parent)):
        while True:
            frame, missing = _part(batch, frame, parent)
            parked.append(missing)
            if not missing.height or not _is_self(batch, parent):
                break
    waiting = pl.concat(parked)
    return replace(batch, frame=frame, parked=waiting).counting(pending=waiting.height)


def _is_self(batch: Batch, parent: Parent) -> bool:
    return registry.parent(batch.registered, parent).path == batch.registered.path


def _part(batch: Batch, frame: pl.DataFrame, parent: Parent) -> tuple[pl.DataFrame, pl.DataFrame]:
    owner = registry.parent(batch.registered, parent)
    theirs = {key: ours for ours, key in parent.by.items()}
    hashes = hash_keys(frame, theirs).alias("_parent_hash")
    here = _present(owner.path, hashes.drop_nulls().unique())
    if _is_self(batch, parent):
        here.append(frame["_key_hash"])
        if batch.run is not None and batch.run.ahead is not None:
            here.append(batch.run.ahead["_key_hash"])
    frame = frame.with_columns(hashes)
    missing = pl.col("_parent_hash").is_not_null() & ~pl.col("_parent_hash").is_in(here.implode())
    number = pl.lit(schema.entity_id(owner.path), pl.Int16).alias("_parent_entity")
    return frame.filter(~missing).drop("_parent_hash"), frame.filter(missing).with_columns(number)


def _present(path: str, hashes: pl.Series) -> pl.Series:
    found: list[bytes] = []
    if len(hashes):
        with connection.cursor() as cursor:
            statement = query("present_keys", leaf=schema.leaf(path), entity_id=schema.entity_id(path))
            cursor.execute(statement, {"keys": [key.hex() for key in hashes]})
            found = [row[0].bytes for row in cursor.fetchall()]
    return pl.Series("_here", found, dtype=pl.Binary)
