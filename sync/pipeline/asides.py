"""Rows beside the good path: failures noted and closed, children parked and let go."""

from __future__ import annotations

import json
import uuid
from typing import Any

import xxhash

from sync.grouping import Sighting
from sync.healing import wait_before
from sync.ids import uuid7
from sync.pipeline.batch import Batch, Fault, SetAside
from sync.pipeline.raw import kept_rows
from sync.queries import query
from sync.signature import signature


def note_failures(cursor: Any, batch: Batch) -> None:
    """One open failed record for each row set aside, counted up where it was open before."""
    raws = raw_rows(cursor, batch)
    failures = [_failure(batch, aside, raws[aside.row]) for aside in batch.failed]
    if failures:
        # Sorted as records are, so that two writers of the same failures wait instead of deadlocking.
        failures.sort(key=lambda failure: failure["key_hash"] or failure["raw_hash"])
        cursor.executemany(query("note_failure"), failures)


def bytes_hash(raw: bytes) -> uuid.UUID:
    """What tells a failed row's bytes from others: the same under every declaration and mapping, unlike the memo's."""
    return uuid.UUID(bytes=xxhash.xxh3_128_digest(raw))


def sighting(path: str, fault: Fault) -> Sighting:
    """The failure as its group sees it; its first fault names it."""
    return Sighting(
        fingerprint=signature(path, fault.stage, fault.code, fault.field, fault.message, value=fault.value),
        stage=fault.stage,
        code=fault.code,
        field=fault.field,
        message=_storable(fault.message),
    )


def sightings(batch: Batch) -> list[Sighting]:
    """The groups of the rows that failed."""
    return [sighting(batch.registered.path, aside.faults[0]) for aside in batch.failed]


def columns_of(path: str, aside: SetAside) -> dict[str, Any]:
    """What a failed record says of its errors, and what it keeps of how far the row came."""
    seen = sighting(path, aside.faults[0])
    return {
        "stage": seen.stage,
        "code": seen.code,
        "field": seen.field,
        "message": seen.message,
        "errors": json.dumps([_fault(fault) for fault in aside.faults]),
        "fingerprint": seen.fingerprint,
        "normalized": None if aside.normalized is None else json.dumps(dict(aside.normalized)),
        "mapped": None if aside.mapped is None else json.dumps(dict(aside.mapped)),
    }


def raw_rows(cursor: Any, batch: Batch) -> dict[int, bytes]:
    """The bytes of the rows set aside; woken children's lie with the batch that read them, or are kept no longer."""
    if batch.raw:
        return {aside.row: batch.raw[aside.row] for aside in batch.aside}
    kept = kept_rows(cursor, [aside.origin for aside in batch.aside if aside.origin])
    return {aside.row: kept.get(_place(batch, aside), b"") for aside in batch.aside}


def _place(batch: Batch, aside: SetAside) -> tuple[int, int]:
    origin = batch.origins[aside.row] if batch.origins else aside.origin
    return origin or (batch.id, aside.row)


def _failure(batch: Batch, aside: SetAside, raw: bytes) -> dict[str, Any]:
    assert batch.run is not None
    batch_id, row_no = _place(batch, aside)
    return {
        "id": uuid7(),
        "entity_id": batch.run.entity_id,
        "key_hash": aside.key_hash,
        "raw_hash": bytes_hash(raw),
        "version": aside.version,
        "synced_at": batch.asked_at[aside.row],
        "batch_id": batch_id,
        "row_no": row_no,
        "mapping": batch.mapping,
        "read_under": batch.run.fingerprint,
        "raw": raw,
        "wait": wait_before(aside.faults[0].code, 0),
        **columns_of(batch.registered.path, aside),
    }


def _fault(fault: Fault) -> dict[str, Any]:
    value = None if fault.value is None else _storable(fault.value)
    return {
        "stage": fault.stage,
        "code": fault.code,
        "field": fault.field,
        "message": _storable(fault.message),
        "value": value,
    }


def _storable(text: str) -> str:
    # PostgreSQL holds neither NUL nor half a surrogate pair; the exact bytes stay in `raw`.
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
