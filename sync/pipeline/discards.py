"""Rows that a person discarded: they stay so until the far end sends other bytes, or the mapping changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sync.pipeline.asides import bytes_hash, raw_rows
from sync.pipeline.batch import Batch
from sync.queries import query


def mark_discarded(cursor: Any, batch: Batch) -> Batch:
    """The batch, knowing which of the rows set aside are discarded ones; a replay has none. Only reads."""
    run = batch.run
    if run is None or run.replayed is not None or not batch.aside:
        return batch
    hashes = {
        row: bytes_hash(raw) for row, raw in raw_rows(cursor, batch).items() if raw
    }  # bytes that are kept no longer say nothing
    known = discarded(cursor, run.entity_id, run.fingerprint, list(hashes.values()))
    return replace(batch, discarded=frozenset(row for row, number in hashes.items() if number in known))


def discarded(cursor: Any, entity_id: int, read_under: UUID, hashes: Sequence[UUID]) -> set[UUID]:
    """Which of these bytes (`bytes_hash`) somebody discarded as read under this fingerprint."""
    if not hashes:
        return set()
    given = {"entity_id": entity_id, "read_under": read_under, "hashes": list(hashes)}
    cursor.execute(query("find_discarded"), given)
    return {row[0] for row in cursor.fetchall()}


def note_discarded(cursor: Any, batch: Batch) -> set[UUID]:
    """Count that they were sent again; an open failure of what was sent in between is closed, its group told."""
    run = batch.run
    if run is None or not batch.discarded:
        return set()
    gone = [aside for aside in batch.aside if aside.row in batch.discarded]
    raws = raw_rows(cursor, batch)
    hashes = [bytes_hash(raws[aside.row]) for aside in gone]
    given: dict[str, Any] = {"entity_id": run.entity_id, "read_under": run.fingerprint, "hashes": hashes}
    cursor.execute(query("see_discarded"), given)
    given["keys"] = [aside.key_hash or number for aside, number in zip(gone, hashes, strict=True)]
    given["moments"] = [batch.asked_at[aside.row] for aside in gone]
    cursor.execute(query("supersede_discarded"), given)
    return {row[0] for row in cursor.fetchall()}
