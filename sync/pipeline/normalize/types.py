"""Layer 1, types: what the far end's JSON holds becomes text, as the field's kind wants it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from sync.canonical import Digits, json_text
from sync.errors import RecordError
from sync.fields import Decimal, Extra, Field
from sync.pipeline.normalize.draft import Draft
from sync.pipeline.normalize.parse import Care, Parsed, Row, parse, parse_singly
from sync.text import check_unicode

CARES: tuple[Care, ...] = ("value", "fraction", "form")  # from little to much


def read(rows: Sequence[int], raw: Sequence[bytes], fields: Mapping[str, Field]) -> Draft:
    """The rows as text, a column a field. Faults: unreadable_row, bad_unicode, nested_value."""
    sources = {field.source or name for name, field in fields.items()}
    if not rows:
        parsed = parse_singly([], sources)
    elif any(field.kind == "json" for field in fields.values()):
        parsed = parse_singly(raw, sources)
    else:
        parsed = parse(raw, _cares(fields))
    frame = parsed.frame.select(_column(parsed, name, field) for name, field in fields.items())
    draft = Draft(fields, frame.insert_column(0, pl.Series("_row", rows, dtype=pl.UInt32)))
    return _with_single_rows(draft, parsed, rows) if parsed.singly else draft


def as_text(field: Field, value: Any) -> str | None:
    """One JSON value as the text of a field. Raises RecordError."""
    if value is None:
        return None
    if field.kind == "json":
        return json_text(value)
    if isinstance(value, dict | list):
        message = "holds a nested value; only a Json field can keep one"
        raise RecordError(message, code="nested_value")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Digits):
        return value.replace(".", ",") if _comma(field) else str(value)
    check_unicode(value)
    return str(value)


def _cares(fields: Mapping[str, Field]) -> dict[str, Care]:
    """What each source column's bare numbers must keep, for all of the fields that read it."""
    cares: dict[str, Care] = {}
    for name, field in fields.items():
        source = field.source or name
        care = _care(field)
        cares[source] = max(care, cares.get(source, care), key=CARES.index)
    return cares


def _care(field: Field) -> Care:
    if field.clean or field.nulls or _comma(field) or field.kind not in ("integer", "decimal", "money"):
        return "form"
    # A fraction makes an Integer unreadable, and its fault shows it as it is written.
    return "fraction" if field.kind == "integer" else "value"


def _comma(field: Field) -> bool:
    return isinstance(field, Decimal) and field.decimal_comma


def _column(parsed: Parsed, name: str, field: Field) -> pl.Series:
    source = field.source or name
    text = parsed.frame[source]
    if _comma(field) and source in parsed.bare:
        # A bare JSON number has a point whatever the field declares of text.
        text = parsed.bare[source].str.replace(".", ",", literal=True).fill_null(text)
    return text.alias(name)


def _with_single_rows(draft: Draft, parsed: Parsed, rows: Sequence[int]) -> Draft:
    texts: dict[str, list[str | None]] = {name: [] for name in draft.fields}
    for at, found in parsed.singly.items():
        if isinstance(found, RecordError):
            draft.refuse(rows[at], found)
        row: Row = {} if isinstance(found, RecordError) else found
        for name, field in draft.fields.items():
            texts[name].append(_text_or_fault(draft, rows[at], name, field, row))
    at_column = pl.Series("_at", list(parsed.singly), dtype=pl.UInt32)
    single = pl.DataFrame(
        [draft.frame["_row"].gather(at_column)]
        + [pl.Series(name, values, dtype=pl.String) for name, values in texts.items()]
        + [at_column]
    )
    others = draft.frame.with_row_index("_at").filter(~pl.col("_at").is_in(at_column.implode()))
    merged = pl.concat([others.select(single.columns), single]).sort("_at").drop("_at")
    return replace(draft, frame=merged)


def _text_or_fault(draft: Draft, row: int, name: str, field: Field, found: Row) -> str | None:
    value = _rest(found, draft.fields) if isinstance(field, Extra) else found.get(field.source or name)
    try:
        return as_text(field, value)
    except RecordError as error:
        draft.refuse(row, error, name, value if isinstance(value, str) else json.dumps(value))
    return None


def _rest(found: Row, fields: Mapping[str, Field]) -> dict[str, Any] | None:
    """What no declared field reads; None for nothing."""
    read_by_others = {field.source or name for name, field in fields.items() if not isinstance(field, Extra)}
    return {name: value for name, value in found.items() if name not in read_by_others} or None
