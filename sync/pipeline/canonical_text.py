"""The text that is hashed: `name=value|name=value` over columns of canonical text, sorted by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from sync.pipeline.alphabet import Alphabet, alphabet_of
from sync.pipeline.pieces import concatenated

Alphabets = Mapping[str, Alphabet]
"""What is known of columns, by name."""


def canonical_text(frame: pl.DataFrame, by: Mapping[str, str], known: Alphabets | None = None) -> pl.Expr:
    r"""Names (each with its column) and values joined; nulls are left out; `\` and `|` are escaped.

    The frame, or what is `known` of its columns, is looked at to do only what they need.
    """
    if not by:
        return pl.repeat("", pl.len())
    return concatenated(_pieces(frame, by, known or {})).str.slice(1)


def _pieces(frame: pl.DataFrame, by: Mapping[str, str], known: Alphabets) -> Iterator[str | pl.Expr]:
    for name in sorted(by):
        column = frame[by[name]]
        value = _value(column, known.get(column.name) or alphabet_of(column))
        if column.null_count():
            part = pl.concat_str(pl.lit(f"|{name}="), value)
            yield pl.when(value.is_null()).then(pl.lit("")).otherwise(part)
        else:
            yield from (f"|{name}=", value)


def _value(column: pl.Series, alphabet: Alphabet) -> pl.Expr:
    value = pl.col(column.name)
    if not alphabet.holds("\\|"):
        return value
    return value.str.replace_all("\\", "\\\\", literal=True).str.replace_all("|", "\\|", literal=True)
