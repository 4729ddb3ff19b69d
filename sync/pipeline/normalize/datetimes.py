"""Layer 4, datetimes: declared formats to ISO 8601, moments to UTC at the field's width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import polars as pl

from sync.errors import ConfigError, RecordError
from sync.fields import Date, Field, Timestamp
from sync.formats import format_problem
from sync.number import shown
from sync.pipeline.normalize.draft import Draft
from sync.pipeline.normalize.moments import days
from sync.pipeline.normalize.zones import explained, in_utc

FIRST_YEAR, LAST_YEAR = 1, 9999
NANO_YEARS = (1678, 2261)  # whole years that 64 bits of nanoseconds hold; others wrap around in silence
IN_CANONICAL = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S%.fZ")
WHOLE_SECOND = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9]Z$"
SAMPLE = datetime(2025, 12, 8, 10, 30)  # noqa: DTZ001 - shows what a format looks like


def read(draft: Draft) -> Draft:
    """Faults: unreadable_date, time_of_day, unreadable_timestamp, ambiguous_time, nonexistent_time.

    Raises ConfigError for a format that cannot be right.
    """
    return draft.with_columns(
        _column(draft, name, field)
        for name, field in draft.fields.items()
        if isinstance(field, Date | Timestamp)
    )


def _column(draft: Draft, name: str, field: Date | Timestamp) -> pl.Series:
    for form in field.formats:
        if problem := format_problem(form, date=isinstance(field, Date), pivot=field.pivot):
            raise ConfigError(f"Format {form!r} of field {name}: {problem}.")
    text = draft.frame.select(pl.when(pl.col(name) != "").then(pl.col(name))).to_series()
    if _is_canonical(text, field):
        return text
    read_one = _date if isinstance(field, Date) else _timestamp
    try:
        found = _by_distinct(text, lambda column: read_one(column, field))
    except pl.exceptions.PolarsError as error:
        raise ConfigError(f"A format of field {name} cannot be used: {error}") from error
    bad = text.is_not_null() & found.is_null()
    if bad.any():
        draft.refuse_each(name, bad, _errors(field, text.filter(bad).unique()))
    return found.alias(name)


def _is_canonical(text: pl.Series, field: Date | Timestamp) -> bool:
    """Whether all of a column is already what its first format would make of it."""
    if isinstance(field, Date) or field.fraction or field.formats[0] not in IN_CANONICAL:
        return False
    if not text.str.contains(WHOLE_SECOND).all():
        return False
    moments = text.str.to_datetime(IN_CANONICAL[0], strict=False, cache=False)
    return moments.null_count() == text.null_count() and bool((moments.dt.year() >= FIRST_YEAR).all())


def _by_distinct(text: pl.Series, read_one: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Each distinct text is read once where that saves work."""
    rows = text.to_frame("text")
    known = rows.unique()
    if known.height * 2 > rows.height:
        return read_one(text)
    known = known.with_columns(read_one(known["text"]).alias("found"))
    return rows.join(known, on="text", how="left", maintain_order="left", nulls_equal=True)["found"]


def _date(text: pl.Series, field: Field) -> pl.Series:
    assert isinstance(field, Date)
    found = _first(text, field.formats, lambda form: days(text, form, field))
    return _where(found.dt.year().is_between(FIRST_YEAR, LAST_YEAR), found.dt.strftime("%Y-%m-%d"))


def _timestamp(text: pl.Series, field: Field) -> pl.Series:
    assert isinstance(field, Timestamp)
    moments = _first(text, field.formats, lambda form: in_utc(text, form, field, "us"))
    if field.fraction > 6:
        inside = moments.dt.year().is_between(*NANO_YEARS)
        moments = _first(text, field.formats, lambda form: in_utc(text, form, field, "ns"))
    else:
        inside = moments.dt.year().is_between(FIRST_YEAR, LAST_YEAR)
    fraction = f"%.{field.fraction}f" if field.fraction else ""
    return _where(inside, moments.dt.strftime(f"%Y-%m-%dT%H:%M:%S{fraction}Z"))


def _first(text: pl.Series, forms: Sequence[str], read_by: Callable[[str], pl.Series]) -> pl.Series:
    """What the first of the formats that can be read makes of each text."""
    found = read_by(forms[0])
    for form in forms[1:]:
        if found.null_count() == text.null_count():
            break
        found = found.zip_with(found.is_not_null(), read_by(form))
    return found


def _where(inside: pl.Series, text: pl.Series) -> pl.Series:
    return text.to_frame("text").select(pl.when(inside).then(pl.col("text"))).to_series()


def _errors(field: Date | Timestamp, values: pl.Series) -> dict[str, RecordError]:
    accepted = _accepted(field)
    errors = {value: _error(field, value, accepted) for value in values.to_list()}
    return errors | (explained(values, field) if isinstance(field, Timestamp) else _with_time(field, values))


def _with_time(field: Date, values: pl.Series) -> dict[str, RecordError]:
    """Those that are dates with a time of day, which nobody said may be dropped."""
    whole = _date(values, replace(field, drop_time=True))
    words = "has a time of day: declare a Timestamp, or drop_time=True where it says nothing"
    return {
        value: RecordError(f"{shown(value)} {words}", code="time_of_day")
        for value in values.filter(whole.is_not_null()).to_list()
    }


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
