"""Text put together from columns and fixed words."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

import polars as pl


def concatenated(pieces: Iterable[str | pl.Expr]) -> pl.Expr:
    """One text a row, null where any column in it is null. Fixed words side by side become one."""
    parts: list[pl.Expr] = []
    for fixed, run in groupby(pieces, key=lambda piece: isinstance(piece, str)):
        found = list(run)
        parts += [pl.lit("".join(map(str, found)))] if fixed else [p for p in found if isinstance(p, pl.Expr)]
    return pl.concat_str(parts)
