"""Batches for the tests of the pure stages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import polars as pl

from sync.declare import Entity, System
from sync.fields import Field
from sync.pipeline.batch import Batch, Fault
from sync.pipeline.identity import identify
from sync.pipeline.mapping import apply_mapping
from sync.pipeline.normalize import normalize
from sync.pipeline.validate import validate
from sync.registry import Registered

Stage = Callable[[Batch], Batch]
STAGES: tuple[Stage, ...] = (normalize, validate, apply_mapping, identify)


def no_client() -> Any:
    """The pure stages never ask the far end."""
    raise AssertionError


def registered(fields: Mapping[str, Field], key: tuple[str, ...] = ("id",), **more: Any) -> Registered:
    """An entity `far.things`."""
    entity = Entity(name="things", source=None, key=key, fields=fields, **more)
    return Registered(System(name="far", client=no_client, entities=(entity,)), entity)


def batch_of(of: Registered, rows: Iterable[Mapping[str, Any] | bytes]) -> Batch:
    """The rows as a batch that has been fetched."""
    raw = [row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=False).encode() for row in rows]
    frame = pl.DataFrame({"_row": pl.Series(range(len(raw)), dtype=pl.UInt32)})
    return Batch(registered=of, raw=raw, frame=frame)


def through(batch: Batch, *stages: Stage) -> Batch:
    """The batch after these stages, all pure ones if none is named."""
    for stage in stages or STAGES:
        batch = stage(batch)
    return batch


def read(field: Field, *values: Any) -> list[str | None]:
    """What normalize makes of a field's values (bytes are JSON as written); none of them may be a fault."""
    batch = _normalized(field, values)
    assert not batch.faults
    return batch.frame["value"].to_list()


def refused(field: Field, *values: Any) -> list[Fault]:
    """The faults that normalize finds, each value having exactly one and ending as null."""
    batch = _normalized(field, values)
    assert batch.frame["value"].null_count() == len(values)
    found = [batch.faults[row] for row in range(len(values))]
    assert all(len(faults) == 1 for faults in found)
    return [faults[0] for faults in found]


def _normalized(field: Field, values: Iterable[Any]) -> Batch:
    tokens = [value if isinstance(value, bytes) else json.dumps(value).encode() for value in values]
    rows = [b'{"value": ' + token + b"}" for token in tokens]
    return normalize(batch_of(registered({"value": field}, key=("value",)), rows))
