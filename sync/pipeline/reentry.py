"""Failed records as a batch: the rows as they came with what was mended laid over them, or as they were read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl
import xxhash

from sync.canonical import canonical
from sync.errors import RecordError
from sync.failures import input_of, runs_normalized
from sync.fields import Field
from sync.pipeline.batch import Batch
from sync.pipeline.run import Run

if TYPE_CHECKING:
    from sync.pipeline.returning import Returning


def batch_of(run: Run, group: Sequence[Returning]) -> Batch:
    """Records that enter at the same stage, ready for it."""
    raws = [failed.raw for failed in group]
    rows = pl.DataFrame({"_row": pl.Series(range(len(group)), dtype=pl.UInt32)})
    batch = Batch(
        registered=run.registered,
        run=run,
        mapping=run.mapping,
        raw=raws,
        # Of the original bytes, as the declarations stand now: the next sync then skips them instead of failing them.
        raw_hashes=[xxhash.xxh3_128_digest(raw, run.seed) for raw in raws],
        asked_at=[failed.synced_at for failed in group],
        frame=rows,
        counts={"rows_fetched": len(group)},
    )
    if not runs_normalized(group[0], run.mapping):
        return replace(batch, raw=[_as_row(failed) for failed in group])
    inputs = [input_of(failed) or {} for failed in group]
    columns = {
        name: _column(field, [given.get(name) for given in inputs])
        for name, field in run.registered.entity.fields.items()
    }
    return batch.with_frame(rows.with_columns(**columns))


def _as_row(failed: Returning) -> bytes:
    """The row with the mended values laid over it; every other value keeps its bytes."""
    if failed.mended is None:
        return failed.raw
    try:
        values = msgspec.json.decode(failed.raw, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        values = {}  # no object at all: what was mended is the whole row
    return msgspec.json.encode({**values, **failed.mended})


def _column(field: Field, values: list[Any]) -> pl.Series:
    """A field's values; each distinct text is looked at once."""
    known = {value: _text(field, value) for value in {value for value in values if isinstance(value, str)}}
    texts = [known[value] if isinstance(value, str) else _text(field, value) for value in values]
    return pl.Series(texts, dtype=pl.String)


def _text(field: Field, value: Any) -> str | None:
    """A mended value as a reading of it would have been; what cannot be read goes on to validation as it is."""
    if value is None:
        return None
    plain = value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))
    try:
        return canonical(field, plain)
    except RecordError:
        return plain
