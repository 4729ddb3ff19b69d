"""Layer 4, datetimes: declared formats to ISO 8601, moments to UTC at the field's width."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import polars as pl

from sync.errors import ConfigError, RecordError
from sync.fields import Date, Field, Timestamp
from sync.formats import format_problem, has_offset, is_utc
from sync.number import shown
from sync.pipeline.normalize.draft import Draft

FIRST_YEAR, LAST_YEAR = 1, 9999
NANO_YEARS = (1678, 2261)  # whole years that 64 bits of nanoseconds hold; others wrap around in silence
SAMPLE = datetime(2025, 12, 8, 10, 30)  # noqa: DTZ001 - shows what a format looks like


def read(draft: Draft) -> Draft:
    """Faults: unreadable_date, unreadable_timestamp. Raises ConfigError for a format that cannot be right."""
    return draft.with_columns(
        _column(draft, name, field)
        for name, field in draft.fields.items()
        if isinstance(field, Date | Timestamp)
    )


def _column(draft: Draft, name: str, field: Date | Timestamp) -> pl.Series:
    for form in field.formats:
        if problem := format_problem(form, date=isinstance(field, Date)):
            raise ConfigError(f"Format {form!r} of field {name}: {problem}.")
    text = draft.frame.select(pl.when(pl.col(name) != "").then(pl.col(name))).to_series()
    read_one = _date if isinstance(field, Date) else _timestamp
    try:
        found = _by_distinct(text, lambda column: read_one(column, field))
    except pl.exceptions.PolarsError as error:
        raise ConfigError(f"A format of field {name} cannot be used: {error}") from error
    bad = text.is_not_null() & found.is_null()
    if bad.any():
        accepted = _accepted(field)
        draft.refuse_each(
            name, bad, {value: _error(field, value, accepted) for value in text.filter(bad).unique()}
        )
    return found.alias(name)


def _by_distinct(text: pl.Series, read_one: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    """Each distinct text is read once where that saves work."""
    rows = text.alias("text").to_frame()
    known = rows.unique()
    if known.height * 2 > rows.height:
        return rows.select(read_one(pl.col("text"))).to_series()
    known = known.with_columns(read_one(pl.col("text")).alias("found"))
    return rows.join(known, on="text", how="left", maintain_order="left", nulls_equal=True)["found"]


def _date(text: pl.Expr, field: Field) -> pl.Expr:
    assert isinstance(field, Date)
    day = pl.coalesce(text.str.to_date(form, strict=False) for form in field.formats)
    return pl.when(day.dt.year().is_between(FIRST_YEAR, LAST_YEAR)).then(day.dt.strftime("%Y-%m-%d"))


def _timestamp(text: pl.Expr, field: Field) -> pl.Expr:
    assert isinstance(field, Timestamp)
    moment = pl.coalesce(_moment(text, form, field.zone, "us") for form in field.formats)
    inside = moment.dt.year().is_between(FIRST_YEAR, LAST_YEAR)
    if field.fraction > 6:
        inside = moment.dt.year().is_between(*NANO_YEARS)
        moment = pl.coalesce(_moment(text, form, field.zone, "ns") for form in field.formats)
    fraction = f"%.{field.fraction}f" if field.fraction else ""
    return pl.when(inside).then(moment.dt.strftime(f"%Y-%m-%dT%H:%M:%S{fraction}Z"))


def _moment(text: pl.Expr, form: str, zone: str, unit: str) -> pl.Expr:
    moment = text.str.to_datetime(form, strict=False, time_unit="ns" if unit == "ns" else "us")
    if has_offset(form):
        return moment
    if is_utc(form) or zone == "UTC":
        return moment.dt.replace_time_zone("UTC")
    # An hour that came twice is taken as the first: asked for again with >=, nothing is missed.
    local = moment.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return local.dt.convert_time_zone("UTC")


def _accepted(field: Date | Timestamp) -> str:
    zone = "" if isinstance(field, Date) or field.zone == "UTC" else f", a time that {field.zone} knows"
    return " or ".join(f"{form}{_sample(form)}" for form in field.formats) + zone


def _sample(form: str) -> str:
    moment = pl.Series([SAMPLE]).dt.replace_time_zone("UTC")
    try:
        return f" (such as {moment.dt.strftime(form.replace('%#z', '%:z')).item()})"
    except pl.exceptions.PolarsError:  # not every format that can be read can be written
        return ""


def _error(field: Date | Timestamp, value: str, accepted: str) -> RecordError:
    message = f"{shown(value)} is not a {field.kind}; accepted is {accepted}"
    return RecordError(message, code=f"unreadable_{field.kind}")
