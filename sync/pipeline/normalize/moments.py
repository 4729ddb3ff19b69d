"""Text to dates and local times by one declared format each; null for what the format does not mean exactly."""

from __future__ import annotations

import re
from datetime import time
from typing import Literal

import polars as pl

from sync.fields import Date
from sync.formats import SHORTEST_YEAR, has_short_year, has_time

Unit = Literal["us", "ns"]
_FRACTION = re.compile(r"(?<!%)%\.?[369]?f")
_MIDNIGHT = time(0)


def days(text: pl.Series, form: str, field: Date) -> pl.Series:
    """The dates of a column of text; with a time of day none, unless the field drops it."""
    if not has_time(form):
        found = _by(text, pl.col("text").str.to_date(form, strict=False))
        return _exactly(text, _in_century(found, form, field.pivot))
    found = moments(text, form, field.pivot)
    if not field.drop_time:
        at = found.dt.time()
        found = _only(found, at == _MIDNIGHT)
    return found.dt.date()


def moments(text: pl.Series, form: str, pivot: int | None, unit: Unit = "us") -> pl.Series:
    """The moments of a column of text: in UTC where the format reads an offset, else without a zone."""
    found = _by(text, pl.col("text").str.to_datetime(form, strict=False, time_unit=unit))
    found = _in_century(found, form, pivot)
    return _without_sixtieth(text, form, _exactly(text, found))


def _by(text: pl.Series, read: pl.Expr) -> pl.Series:
    return text.to_frame("text").select(read).to_series()


def _in_century(found: pl.Series, form: str, pivot: int | None) -> pl.Series:
    """Years of two digits, read as 1970 to 2069, in the hundred years that begin with `pivot`."""
    if pivot is None or not has_short_year(form):
        return found
    moment, year = pl.col("text"), pl.col("text").dt.year()
    turned = pl.when(year < pivot).then(moment.dt.offset_by("100y"))
    later = turned.when(year >= pivot + 100).then(moment.dt.offset_by("-100y"))
    return found.to_frame("text").select(later.otherwise(moment)).to_series()


def _exactly(text: pl.Series, found: pl.Series) -> pl.Series:
    """Without those whose year was not written in full."""
    if not (found.dt.year() < SHORTEST_YEAR).any():
        return found
    year = found.dt.year().cast(pl.Int32)
    rows = pl.DataFrame({"text": text, "found": found, "year": year})
    written = pl.col("text").str.contains(pl.col("year").cast(pl.String).str.zfill(4), literal=True)
    return rows.select(pl.when((pl.col("year") >= SHORTEST_YEAR) | written).then("found")).to_series()


def _without_sixtieth(text: pl.Series, form: str, found: pl.Series) -> pl.Series:
    """Without those of a second 60, which would be read as the next minute."""
    sixty = re.sub("%S", "60", re.sub("%T", "%H:%M:60", form))
    if sixty == form or not text.str.contains("60", literal=True).any():
        return found
    bare = text
    if _FRACTION.search(sixty):
        sixty, bare = _FRACTION.sub("", sixty), text.str.replace(r"60\.[0-9]+", "60")
    is_sixtieth = _by(bare, pl.col("text").str.to_datetime(sixty, strict=False)).is_not_null()
    return _only(found, ~is_sixtieth)


def _only(found: pl.Series, where: pl.Series) -> pl.Series:
    return pl.DataFrame({"found": found, "where": where}).select(pl.when("where").then("found")).to_series()
