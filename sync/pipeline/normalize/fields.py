"""Layer 5, fields: the far end's words for true and false, its bytes, and defaults where it has nothing."""

from __future__ import annotations

import polars as pl

from sync.canonical import boolean, canonical
from sync.errors import ConfigError, RecordError
from sync.fields import Boolean, Bytes, Field
from sync.number import shown
from sync.pipeline.normalize.draft import Draft


def finish(draft: Draft) -> Draft:
    """Faults: unreadable_boolean, unreadable_bytes. Raises ConfigError for a default of another kind."""
    columns = [
        _words(draft, name, field) if isinstance(field, Boolean) else _digits(draft, name, field)
        for name, field in draft.fields.items()
        if isinstance(field, Boolean | Bytes)
    ]
    draft = draft.with_columns(columns)
    return draft.with_columns(
        pl.col(name).fill_null(_default(name, field, field.default))
        for name, field in draft.fields.items()
        if field.default is not None
    )


def _words(draft: Draft, name: str, field: Boolean) -> pl.Series:
    text = draft.frame[name]
    found: dict[str, str | None] = {"": None}
    errors: dict[str, RecordError] = {}
    for word in text.unique().drop_nulls().to_list():
        try:
            found[word] = boolean(field, word) if word else None
        except RecordError as error:
            errors[word] = error
    if errors:
        draft.refuse_each(name, text.is_in(list(errors)), errors)
    return text.replace_strict(list(found), list(found.values()), default=None, return_dtype=pl.String)


def _digits(draft: Draft, name: str, field: Bytes) -> pl.Series:
    """Lower-case hexadecimal digits."""
    text = draft.frame.select(pl.when(pl.col(name) != "").then(pl.col(name)).alias("text"))
    if field.encoding == "base64":  # in lines, as UTL_ENCODE writes it
        read = pl.col("text").str.replace_all(r"\s", "").str.decode("base64", strict=False).bin.encode("hex")
    else:
        bare = pl.col("text").str.replace("^0[xX]", "")
        read = pl.when(bare.str.contains("^(?:[0-9A-Fa-f]{2})+$")).then(bare.str.to_lowercase())
    found = text.select(read.alias(name)).to_series()
    bad = text["text"].is_not_null() & found.is_null()
    if bad.any():
        draft.refuse_each(name, bad, {value: _no_bytes(field, value) for value in text["text"].filter(bad)})
    return found


def _no_bytes(field: Bytes, value: str) -> RecordError:
    written = "base64" if field.encoding == "base64" else "pairs of hexadecimal digits"
    return RecordError(f"{shown(value)} is not bytes written as {written}", code="unreadable_bytes")


def _default(name: str, field: Field, text: str) -> str | None:
    try:
        return canonical(field, text)
    except RecordError as error:
        raise ConfigError(f"The default of field {name} {error.message}.") from error
