"""The digits after the point that a Decimal declares: rounded where it says how, counted, and never otherwise."""

from __future__ import annotations

import decimal

import polars as pl

from sync.fields import Decimal, Rounding
from sync.number import MOST_DIGITS
from sync.pipeline.normalize.patch import patched

SHORT = r"^-?[0-9]{1,19}\.[0-9]{1,18}$"
"""What a decimal of 128 bits holds exactly: 38 digits, 18 of them after the point."""
_DIGITS, _PLACES = 38, 18
_PYTHON = {"half_up": decimal.ROUND_HALF_UP, "half_even": decimal.ROUND_HALF_EVEN, "down": decimal.ROUND_DOWN}
_EXACT = decimal.Context(prec=2 * MOST_DIGITS, traps=[decimal.InvalidOperation])


def too_many_places(text: pl.Expr, places: int) -> pl.Expr:
    """Whether a canonical number has more digits after the point than `places`; below 0 whole tens are asked for."""
    if places >= 0:
        return text.str.contains(rf"\.[0-9]{{{places + 1}}}")
    return ~text.str.contains(rf"^(?:0|-?[1-9][0-9]*0{{{-places}}})$")


def rounded(text: pl.Series, field: Decimal) -> tuple[pl.Series, int]:
    """The canonical numbers of a column with at most the declared places, and how many had more."""
    if field.places is None or field.rounding is None:
        return text, 0
    column = pl.col(text.name)
    long = text.to_frame().select(too_many_places(column, field.places).fill_null(value=False)).to_series()
    if not long.any():
        return text, 0
    others = text.filter(long)
    return patched(text, long, _rounded(others, field.places, field.rounding)), len(others)


def _rounded(text: pl.Series, places: int, how: Rounding) -> pl.Series:
    short = text.str.contains(SHORT) if places >= 0 else pl.repeat(False, len(text), eager=True)
    found = text
    if short.any():
        exact = text.filter(short).cast(pl.Decimal(_DIGITS, _PLACES))
        plain = exact.to_frame("n").select(_near(pl.col("n"), places, how).cast(pl.String))
        found = patched(found, short, _trimmed(plain.to_series()))
    if not short.all():
        left = text.filter(~short)
        read = {value: _one(value, places, how) for value in left.unique().to_list()}
        found = patched(found, ~short, left.replace_strict(list(read), list(read.values())))
    return found


def _near(exact: pl.Expr, places: int, how: Rounding) -> pl.Expr:
    if how == "down":
        return exact.truncate(places)
    return exact.round(places, mode="half_away_from_zero" if how == "half_up" else "half_to_even")


def _trimmed(text: pl.Series) -> pl.Series:
    return text.str.strip_chars_end("0").str.strip_chars_end(".").replace("-0", "0")


def _one(value: str, places: int, how: Rounding) -> str:
    unit = decimal.Decimal(1).scaleb(-places)
    found = f"{decimal.Decimal(value).quantize(unit, _PYTHON[how], _EXACT):f}"
    if "." in found:
        found = found.rstrip("0").rstrip(".")
    return "0" if found == "-0" else found
