"""Layer 5, fields: the far end's words for true and false, and defaults where it has nothing."""

from __future__ import annotations

import polars as pl

from sync.canonical import boolean, canonical
from sync.errors import ConfigError, RecordError
from sync.fields import Boolean, Field
from sync.pipeline.normalize.draft import Draft


def finish(draft: Draft) -> Draft:
    """Faults: unreadable_boolean. Raises ConfigError for a default that is not of the field's kind."""
    columns = [
        _words(draft, name, field) for name, field in draft.fields.items() if isinstance(field, Boolean)
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


def _default(name: str, field: Field, text: str) -> str | None:
    try:
        return canonical(field, text)
    except RecordError as error:
        raise ConfigError(f"The default of field {name} {error.message}.") from error
