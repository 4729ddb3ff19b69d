"""Layer 2, strings: line endings, control characters, blanks around, Unicode NFC, the cleaning steps.

The steps run here, before numbers and dates are read, so that they can mend those too.
"""

from __future__ import annotations

import polars as pl

from sync.errors import ConfigError
from sync.fields import Field
from sync.pipeline.normalize.draft import Draft
from sync.text import CONTROLS


def clean(draft: Draft) -> Draft:
    """Text in its stored form; raises ConfigError where a cleaning step does not work on text."""
    names = [name for name, field in draft.fields.items() if field.kind != "json"]
    if not names:
        return draft
    controls = draft.frame.select(pl.col(names).str.contains(CONTROLS).any()).row(0)
    wide = draft.frame.select((pl.col(names).str.len_bytes() != pl.col(names).str.len_chars()).any()).row(0)
    columns = [
        _cleaned(pl.col(name), draft.fields[name], controls=bool(control), wide=bool(beyond_ascii)).alias(
            name
        )
        for name, control, beyond_ascii in zip(names, controls, wide, strict=True)
    ]
    try:
        return draft.with_columns(columns)
    except pl.exceptions.PolarsError as error:
        raise ConfigError(f"A cleaning step does not work on a column of text: {error}") from error


def _cleaned(text: pl.Expr, field: Field, *, controls: bool, wide: bool) -> pl.Expr:
    if controls:
        text = text.str.replace_all("\r\n", "\n", literal=True).str.replace_all("\r", "\n", literal=True)
        text = text.str.replace_all(CONTROLS, "")
    if getattr(field, "trim", True):
        text = text.str.strip_chars()
    for step in field.clean:
        text = step(text).cast(pl.String)
    if not wide:
        return text
    beyond_ascii = text.str.len_bytes() != text.str.len_chars()
    return pl.when(beyond_ascii).then(text.str.normalize("NFC")).otherwise(text)
