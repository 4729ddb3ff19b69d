"""The text that is hashed: `name=value|name=value` over columns of canonical text, sorted by name."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

SPECIAL = r"[\\|]"


def canonical_text(frame: pl.DataFrame, by: Mapping[str, str]) -> pl.Expr:
    r"""Names (each with its column) and values joined; nulls are left out; `\` and `|` are escaped.

    The frame is looked at to escape only those columns that need it.
    """
    if not by:
        return pl.repeat("", pl.len())
    columns = sorted(set(by.values()))
    special = frame.select(pl.col(columns).str.contains(SPECIAL).any()).row(0)
    escaped = {column for column, found in zip(columns, special, strict=True) if found}
    parts = [pl.lit(f"{name}=") + _value(by[name], escape=by[name] in escaped) for name in sorted(by)]
    return pl.concat_str(parts, separator="|", ignore_nulls=True)


def _value(column: str, *, escape: bool) -> pl.Expr:
    value = pl.col(column)
    if not escape:
        return value
    return value.str.replace_all("\\", "\\\\", literal=True).str.replace_all("|", "\\|", literal=True)
