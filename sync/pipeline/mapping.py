"""Stage 4, map: to the shape that is served; computed fields join the declared ones."""

from __future__ import annotations

import polars as pl

from sync.fields import Computed, Constant, FirstOf
from sync.pipeline.batch import Batch


def apply_mapping(batch: Batch) -> Batch:
    """Add a String column for each computed field, in the declared order: later ones see earlier ones."""
    frame = batch.frame
    for name, computed in batch.registered.entity.computed.items():
        frame = frame.with_columns(_text(computed).str.normalize("NFC").alias(name))
    return batch.with_frame(frame)


def _text(computed: Computed | str) -> pl.Expr:
    if isinstance(computed, str):
        return _filled(pl.col(computed))
    if isinstance(computed, Constant):
        return pl.lit(computed.text, pl.String)
    if isinstance(computed, FirstOf):
        return pl.coalesce([_text(part) for part in computed.parts])
    parts = [_filled(pl.col(name)) for name in computed.parts]
    return _filled(pl.concat_str(parts, separator=computed.by, ignore_nulls=True))


def _filled(text: pl.Expr) -> pl.Expr:
    """Null for a blank."""
    return pl.when(text.str.strip_chars().str.len_bytes() > 0).then(text)
