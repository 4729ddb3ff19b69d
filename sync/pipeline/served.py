"""The JSON that is stored and served: no blanks, exact numbers, null where there is nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import polars as pl

from sync.canonical import FORMS, canonical, not_canonical
from sync.declare import Entity
from sync.errors import RecordError
from sync.fields import Boolean, Field, Integer, Json
from sync.pipeline.alphabet import Alphabet
from sync.pipeline.constraint import Constraint
from sync.pipeline.pieces import concatenated
from sync.registry import Registered

WIDEST = 17  # characters of an integer that is written as a JSON number: a sign and 16 digits


def served_json(registered: Registered, frame: pl.DataFrame, known: Mapping[str, Alphabet]) -> pl.Expr:
    """One compact JSON object a row. Booleans and integers (but wide ones) are bare, Json is nested.

    What is known of the frame's columns says which of them need escaping.
    """
    pieces: list[str | pl.Expr] = []
    for name in sorted(registered.names, key=_place):
        pieces += [f',"{name}":', *_value(frame[name], registered.entity.fields.get(name), known[name])]
    return concatenated(["{" + str(pieces[0])[1:], *pieces[1:], "}"])


def constraints_of_served(entity: Entity) -> Iterator[Constraint]:
    """What must hold of the values that are written bare, or the JSON would break: a mended value may not."""
    for name, field in entity.fields.items():
        if _is_bare(field):
            yield Constraint(
                code="wrong_type",
                broken=_unfit(name, field),
                message=partial(_words, name, field.kind),
                field=name,
                reads=frozenset({name}),
            )


def _place(name: str) -> tuple[int, bytes]:
    """The order of names in jsonb: PostgreSQL has to sort no row that comes so."""
    encoded = name.encode()
    return len(encoded), encoded


def _is_bare(field: Field) -> bool:
    return isinstance(field, Boolean | Json) or (isinstance(field, Integer) and not field.wide)


def _value(column: pl.Series, field: Field | None, alphabet: Alphabet) -> list[str | pl.Expr]:
    text = pl.col(column.name)
    if field is not None and _is_bare(field):
        return [text.fill_null("null")]
    if alphabet.holds('"\\') or alphabet.holds_controls():
        return [_encoded(text)]
    if column.null_count():
        quoted = pl.concat_str(pl.lit('"'), text, pl.lit('"'))
        return [pl.when(text.is_null()).then(pl.lit("null")).otherwise(quoted)]
    return ['"', text, '"']


def _encoded(text: pl.Expr) -> pl.Expr:
    return pl.struct(text.alias("v")).struct.json_encode().str.strip_prefix('{"v":').str.strip_suffix("}")


def _unfit(name: str, field: Field) -> pl.Expr:
    text = pl.col(name)
    if isinstance(field, Json):
        return ~text.map_elements(_is_canonical_json, return_dtype=pl.Boolean)
    unfit = ~text.str.contains(FORMS[field.kind])
    return unfit | (text.str.len_bytes() > WIDEST) if isinstance(field, Integer) else unfit


def _is_canonical_json(text: str) -> bool:
    try:
        return canonical(Json(), text) == text
    except RecordError:
        return False


def _words(name: str, kind: str, value: str) -> str:
    return f"{name}: {not_canonical(kind, value)}"
