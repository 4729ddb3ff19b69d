"""The JSON that is stored and served: names sorted, no blanks, exact numbers, null where there is nothing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import polars as pl

from sync.canonical import FORMS, canonical, not_canonical
from sync.declare import Entity
from sync.errors import RecordError
from sync.fields import Boolean, Field, Integer, Json
from sync.pipeline.constraint import Constraint
from sync.registry import Registered

WIDEST = 17  # characters of an integer that is written as a JSON number: a sign and 16 digits


def served_json(registered: Registered) -> pl.Expr:
    """One compact JSON object a row. Booleans and integers (but wide ones) are bare, Json is nested."""
    parts: list[pl.Expr] = []
    plain: list[pl.Expr] = []
    for name in sorted(registered.names):
        field = registered.entity.fields.get(name)
        if isinstance(field, Json):
            parts += [*_object_body(plain), pl.lit(f'"{name}":') + pl.col(name).fill_null("null")]
            plain = []
        else:
            plain.append(_value(name, field))
    parts += _object_body(plain)
    return pl.concat_str([pl.lit("{"), pl.concat_str(parts, separator=","), pl.lit("}")])


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


def _object_body(columns: list[pl.Expr]) -> list[pl.Expr]:
    if not columns:
        return []
    return [pl.struct(columns).struct.json_encode().str.strip_prefix("{").str.strip_suffix("}")]


def _is_bare(field: Field) -> bool:
    return isinstance(field, Boolean | Json) or (isinstance(field, Integer) and not field.wide)


def _value(name: str, field: Field | None) -> pl.Expr:
    if isinstance(field, Boolean):
        return pl.col(name) == "true"
    if isinstance(field, Integer) and not field.wide:
        return pl.col(name).cast(pl.Int64)
    return pl.col(name)


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
