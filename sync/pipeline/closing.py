"""What a batch's good rows make untrue: failures, waits and absences noted before. Mostly there are none."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import compress
from typing import Any

import polars as pl

from sync.pipeline.batch import Batch
from sync.pipeline.hashes import among
from sync.pipeline.parking import let_go
from sync.queries import query

FEW = 1_000
"""So many rows are looked for among all that failed or wait; of more, only those that are known to be among them."""
_Row = tuple[uuid.UUID, int, datetime]  # key, version, when the far end was asked
_GOOD = ("_key_hash", "_version", "_synced_at")


def close_mended(cursor: Any, batch: Batch) -> frozenset[uuid.UUID]:
    """Close failures, let go children, forget absences: only those few are looked for among the batch's rows.

    The groups that failures were taken from.
    """
    assert batch.run is not None
    entity = {"entity_id": batch.run.entity_id}
    cursor.execute(query("what_waits"), entity)
    failures, children, absences = cursor.fetchone()
    freed = _close_failures(cursor, batch, entity) if failures else frozenset()
    if children:
        _let_go(cursor, batch, entity)
    if absences and (good := good_rows(batch, _among(cursor, batch, "keys_absent", entity))):
        cursor.execute(query("forget_absent"), _columns(good) | entity)
    return freed


def good_rows(
    batch: Batch, among: Sequence[bytes] | None = None, besides: Iterable[bytes] = ()
) -> list[_Row]:
    """The readable rows that neither failed nor wait; those that the mirror holds already are among them."""
    if batch.good is None:
        return []
    good = batch.good if among is None else batch.good.filter(pl.col("_key_hash").is_in(list(among)))
    if known := list(besides):
        good = good.filter(~pl.col("_key_hash").is_in(known))
    out = {aside.key_hash.bytes for aside in batch.aside if aside.key_hash}
    if batch.parked is not None:
        out |= set(batch.parked["_key_hash"])
    return [
        (uuid.UUID(bytes=key), version, at)
        for key, version, at in good.select(_GOOD).iter_rows()
        if key not in out
    ]


def _close_failures(cursor: Any, batch: Batch, entity: dict[str, Any]) -> frozenset[uuid.UUID]:
    assert batch.run is not None
    freed: list[tuple[uuid.UUID]] = []
    if good := _once_failed(cursor, batch, entity):
        cursor.execute(query("supersede_failures"), _columns(good) | entity)
        freed += cursor.fetchall()
    if reverted := _reverted(cursor, batch, "hashes_failed"):
        cursor.execute(_of_leaf(batch, "supersede_reverted"), reverted)
        freed += cursor.fetchall()
    return frozenset(fingerprint for (fingerprint,) in freed)


def _once_failed(cursor: Any, batch: Batch, entity: dict[str, Any]) -> list[_Row]:
    assert batch.run is not None
    own = batch.run.replayed
    if own is None:
        return good_rows(batch, _among(cursor, batch, "keys_failed", entity))
    # The rows that are run again close themselves; of the other failures only those whose key a mend gave to
    # one of them are of interest, and reading the keys of all would cost more than the replay.
    return good_rows(batch, besides=own)


def _let_go(cursor: Any, batch: Batch, entity: dict[str, Any]) -> None:
    assert batch.run is not None
    if batch.run.woken is not None:
        let_go(cursor, batch)
        return
    if good := good_rows(batch, _among(cursor, batch, "keys_waiting", entity)):
        cursor.execute(query("unpark_landed"), _columns(good) | entity)
    if reverted := _reverted(cursor, batch, "hashes_waiting"):
        cursor.execute(_of_leaf(batch, "unpark_reverted"), reverted)


def _reverted(cursor: Any, batch: Batch, statement: str) -> dict[str, Any] | None:
    """The mirrored bytes of rows that failed or wait, where the far end sent them again in this batch."""
    if not batch.known:
        return None
    cursor.execute(_of_leaf(batch, statement))
    asked = [row[0] for row in cursor.fetchall()]
    again = among(b"".join(raw_hash.bytes for raw_hash in asked), batch.known)
    hashes = list(compress(asked, again.tolist()))
    return {"hashes": hashes, "asked_at": batch.known_at} if hashes else None


def _of_leaf(batch: Batch, statement: str) -> str:
    assert batch.run is not None
    return query(statement, leaf=batch.run.leaf, entity_id=batch.run.entity_id)


def _among(cursor: Any, batch: Batch, statement: str, entity: dict[str, Any]) -> list[bytes] | None:
    few = batch.good is None or batch.good.height <= FEW
    return None if few else _column(cursor, statement, entity)


def _column(cursor: Any, statement: str, entity: dict[str, Any]) -> list[bytes]:
    cursor.execute(query(statement), entity)
    return [row[0].bytes for row in cursor.fetchall()]


def _columns(rows: list[_Row]) -> dict[str, Any]:
    return {
        "keys": [key for key, _, _ in rows],
        "versions": [version for _, version, _ in rows],
        "moments": [at for _, _, at in rows],
    }
