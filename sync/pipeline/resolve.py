"""Stage 7, resolve: rows whose parent is not here leave the frame, to wait for it."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
from django.db import connection

from sync import schema
from sync.declare import Parent
from sync.pipeline import kin
from sync.pipeline.batch import Batch
from sync.pipeline.identity import hash_keys
from sync.queries import query
from sync.registry import Registered, registry


def resolve(batch: Batch) -> Batch:
    """Park each row at its first missing parent. A null in the reference means that there is no parent."""
    frame = batch.frame
    if not frame.height or not batch.registered.entity.parents:
        return batch
    parked: list[pl.DataFrame] = []
    for parent in batch.registered.entity.parents:
        if not is_kin(batch.registered, parent):
            frame, missing = _part(batch, frame, parent)
            parked.append(missing)
    # References to the own entity come last: a parent in this very batch counts only if it stays in it.
    if own := kin_of(batch.registered):
        frame, missing = _part_kin(batch, frame, own)
        parked.append(missing)
    waiting = pl.concat(parked)
    return replace(batch, frame=frame, parked=waiting).counting(pending=waiting.height)


def is_kin(child: Registered, parent: Parent) -> bool:
    """Whether a reference is to the own entity."""
    return registry.parent(child, parent).path == child.path


def kin_of(registered: Registered) -> list[Parent]:
    """An entity's references to itself."""
    return [parent for parent in registered.entity.parents if is_kin(registered, parent)]


def above(
    registered: Registered, frame: pl.DataFrame, own: list[Parent], ahead: pl.Series | None = None
) -> tuple[list[pl.Series], list[kin.Above]]:
    """For each reference to the own entity the hashes of the rows' parents, and where these are. Reads the mirror.

    `ahead` are keys that count as being there.
    """
    references = [_parent_hashes(frame, parent) for parent in own]
    asked = pl.concat(references).drop_nulls().unique()
    here = _present(registered.path, asked)
    if ahead is not None:
        here.append(ahead)
    return references, [kin.places(frame["_key_hash"], hashes, here) for hashes in references]


def _part(batch: Batch, frame: pl.DataFrame, parent: Parent) -> tuple[pl.DataFrame, pl.DataFrame]:
    owner = registry.parent(batch.registered, parent)
    hashes = _parent_hashes(frame, parent)
    here = _present(owner.path, hashes.drop_nulls().unique())
    frame = frame.with_columns(hashes)
    missing = pl.col("_parent_hash").is_not_null() & ~pl.col("_parent_hash").is_in(here.implode())
    return frame.filter(~missing).drop("_parent_hash"), _waiting(frame.filter(missing), owner)


def _part_kin(batch: Batch, frame: pl.DataFrame, own: list[Parent]) -> tuple[pl.DataFrame, pl.DataFrame]:
    ahead = None if batch.run is None or batch.run.ahead is None else batch.run.ahead["_key_hash"]
    references, parents = above(batch.registered, frame, own, ahead)
    why = pl.Series(kin.held_back(parents))
    at = pl.coalesce(pl.when(why == number).then(hashes) for number, hashes in enumerate(references))
    missing = frame.with_columns(at.alias("_parent_hash")).filter(why != kin.NONE)
    return frame.filter(why == kin.NONE), _waiting(missing, batch.registered)


def _waiting(rows: pl.DataFrame, owner: Registered) -> pl.DataFrame:
    return rows.with_columns(pl.lit(schema.entity_id(owner.path), pl.Int16).alias("_parent_entity"))


def _parent_hashes(frame: pl.DataFrame, parent: Parent) -> pl.Series:
    theirs = {key: ours for ours, key in parent.by.items()}
    return hash_keys(frame, theirs).alias("_parent_hash")


def _present(path: str, hashes: pl.Series) -> pl.Series:
    found: list[bytes] = []
    if len(hashes):
        with connection.cursor() as cursor:
            statement = query("present_keys", leaf=schema.leaf(path), entity_id=schema.entity_id(path))
            cursor.execute(statement, {"keys": [key.hex() for key in hashes]})
            found = [row[0].bytes for row in cursor.fetchall()]
    return pl.Series("_here", found, dtype=pl.Binary)
