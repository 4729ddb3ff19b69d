"""Rows that wait for a parent: written by COPY, as records are; only the newest version of a key waits."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import polars as pl
from django.db import connection

from sync.ids import uuid7
from sync.pipeline import copying
from sync.pipeline.batch import Batch
from sync.pipeline.narrow import Refused, narrowed, without
from sync.queries import query


def park_children(cursor: Any, batch: Batch) -> Batch:
    """Let the batch's parked rows wait; those that the database refused are set aside (stage ingest)."""
    if batch.parked is None or not batch.parked.height:
        return batch
    cursor.execute(query("make_parking"))
    refused: list[Refused] = []
    narrowed(batch.parked, partial(_park, cursor, batch), refused)
    parked, aside = without(batch, batch.parked, refused)
    return replace(batch, parked=parked, aside=(*batch.aside, *aside)).counting(pending=-len(aside))


def _park(cursor: Any, batch: Batch, rows: pl.DataFrame) -> None:
    # Keys in order, so that two writers wait for each other.
    assert batch.run is not None
    cursor.execute("TRUNCATE parking")
    content = copying.binary_with_json(_columns(batch, rows), rows["_data"])
    with connection.wrap_database_errors, cursor.copy(query("fill_parking")) as copy:
        for piece in content:
            copy.write(piece)
    cursor.execute(query("park_children"), {"entity_id": batch.run.entity_id})


def let_go(cursor: Any, batch: Batch) -> None:
    """End the wait of the rows that this batch woke, but for those that wait for another parent now."""
    assert batch.run is not None
    assert batch.run.woken is not None
    still = set() if batch.parked is None else set(batch.parked["_key_hash"])
    gone = "{" + ",".join(key.hex() for key in batch.run.woken if key not in still) + "}"
    cursor.execute(query("unpark_woken"), {"entity_id": batch.run.entity_id, "keys": gone})


def _columns(batch: Batch, rows: pl.DataFrame) -> dict[str, copying.Column]:
    raw_hashes = pl.Series(batch.raw_hashes, dtype=pl.Binary).gather(rows["_row"])
    known = set(rows.columns)  # woken children keep the place where they were read, and its mapping
    batch_id = rows["_batch_id"].to_numpy() if "_batch_id" in known else np.full(rows.height, batch.id)
    mapping = rows["_mapping"].to_numpy() if "_mapping" in known else np.full(rows.height, batch.mapping)
    row_no = rows["_row_no" if "_row_no" in known else "_row"].to_numpy()
    return {
        "id": copying.hashes(pl.Series([uuid7().bytes for _ in range(rows.height)], dtype=pl.Binary)),
        "key_hash": copying.hashes(rows["_key_hash"]),
        "parent_entity_id": rows["_parent_entity"].to_numpy().astype(">i2"),
        "parent_key_hash": copying.hashes(rows["_parent_hash"]),
        "version": rows["_version"].to_numpy().astype(">i8"),
        "synced_at": copying.moments(rows["_synced_at"]),
        "raw_hash": copying.hashes(raw_hashes),
        "mapping": mapping.astype(">i2"),
        "batch_id": batch_id.astype(">i8"),
        "row_no": row_no.astype(">i4"),
        "data_hash": copying.hashes(rows["_data_hash"]),
    }
