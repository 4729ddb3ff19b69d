"""Stage 3, validate: required, types, lengths, values, bounds, the entity's rules; all faults of a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from sync.pipeline.batch import Batch, Fault, SetAside
from sync.pipeline.constraint import faults_of
from sync.pipeline.constraints import constraints_of
from sync.pipeline.identity import key_ids, versions


def validate(batch: Batch) -> Batch:
    """Move every row with a fault, its own or one that normalize noted, to `aside` with all its faults.

    Raises ConfigError where a rule of the entity is not a column of true and false.
    """
    constraints = constraints_of(batch.registered.entity, canonical=batch.canonical)
    batch = batch.faulted(faults_of(batch.frame, constraints, "validate", batch.faults))
    if not batch.faults:
        return batch
    faulty = pl.col("_row").is_in(list(batch.faults))
    aside = _set_aside(batch, batch.frame.filter(faulty))
    gone = {row.row for row in aside}
    return replace(
        batch,
        frame=batch.frame.filter(~faulty),
        faults={row: found for row, found in batch.faults.items() if row not in gone},
        aside=(*batch.aside, *aside),
    )


def _set_aside(batch: Batch, rows: pl.DataFrame) -> list[SetAside]:
    entity = batch.registered.entity
    names = list(entity.fields)
    hashes, moments = key_ids(rows, entity), versions(rows, entity)
    return [
        SetAside(
            row=row,
            faults=batch.faults[row],
            key_hash=key_hash,
            version=version or 0,
            normalized=_readable(batch.faults[row], dict(zip(names, values, strict=True))),
        )
        for (row, *values), key_hash, version in zip(
            rows.select("_row", *names).iter_rows(), hashes, moments, strict=True
        )
    ]


def _readable(faults: Sequence[Fault], values: dict[str, str | None]) -> dict[str, str | None] | None:
    """The fields that could be read; None where the row as a whole could not."""
    unread = {fault.field for fault in faults if fault.stage == "normalize"}
    if None in unread:
        return None
    return {name: value for name, value in values.items() if name not in unread}
