"""One row through the pure stages again, to show what each makes of it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import xxhash

from sync.fingerprint import fingerprint, seed
from sync.registry import Registered

if TYPE_CHECKING:
    from sync.pipeline.batch import Batch


@dataclass(frozen=True, kw_only=True, slots=True)
class Recomputed:
    """What the stages make of a row's bytes by today's declarations; None where a stage refuses it."""

    raw_hash: uuid.UUID  # as the run counted it that read the bytes
    source: Mapping[str, Any] | None  # the row as JSON; numbers as texts, no digit lost
    normalized: Mapping[str, str | None] | None
    mapped: Mapping[str, str | None] | None
    data_hash: bytes | None
    refused: tuple[str, ...]  # in words, where a stage refuses it today


def recompute(registered: Registered, raw: bytes, read_under: uuid.UUID | None) -> Recomputed:
    """The stages of one row. `read_under` is the fingerprint of the run that read it; None = today's."""
    # Loaded here: web processes never load the pipeline for anything else.
    import polars as pl

    from sync.pipeline.batch import Batch
    from sync.pipeline.identity import identify
    from sync.pipeline.mapping import apply_mapping
    from sync.pipeline.normalize import normalize
    from sync.pipeline.validate import validate

    mark = read_under or fingerprint(registered, 0)
    rows = pl.DataFrame({"_row": pl.Series([0], dtype=pl.UInt32)})
    batch = validate(normalize(Batch(registered=registered, raw=[raw], frame=rows)))
    normalized = _values(batch, tuple(registered.entity.fields))
    mapped = None
    if batch.frame.height:
        batch = apply_mapping(batch)
        mapped = _values(batch, registered.names)
        batch = identify(batch)
    return Recomputed(
        raw_hash=uuid.UUID(bytes=xxhash.xxh3_128_digest(raw, seed(mark))),
        source=_source(raw),
        normalized=normalized,
        mapped=mapped,
        data_hash=batch.frame["_data_hash"].item() if batch.frame.height else None,
        refused=tuple(fault.message for aside in batch.aside for fault in aside.faults),
    )


def _values(batch: Batch, names: tuple[str, ...]) -> dict[str, str | None] | None:
    return batch.frame.select(names).row(0, named=True) if batch.frame.height else None


def _source(raw: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(raw, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
