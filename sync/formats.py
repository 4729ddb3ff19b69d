"""What the formats of dates and timestamps may hold, and what they say about a zone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

SHORTEST_YEAR = 1000
"""A smaller year is meant only where it is written with its leading zeros: `%Y` reads "96" as the year 96."""

_TRAPS = {
    r"(?<!%)%[fN]": "%f reads digits as nanoseconds; write %.f after %S for a fraction of a second",
    r"(?<!%)%Z.": "%Z, a zone's name, is read only at the end of a format",
    r"(?<!%)%[:#]{0,3}z.*(?<!%)%Z": "%Z would forget the zone's name beside %z; take one of them",
}
_SAMPLES = tuple(map(datetime.fromisoformat, ("2001-02-03T04:05:06", "2012-11-10T09:08:07")))
_DATE_TRAPS = {r"(?<!%)%(?:[:#]{0,3}z|Z)": "a date has no zone; declare a Timestamp"}
# Directives of a moment that polars (chrono) reads: %Y and %-d, %.f and %.3f, %:z, %%.
_DIRECTIVE = re.compile(
    r"%(?:[-_0]?[YCyGgmbBhdeaAwuUWVjDxFvHkIlPpMSRTXrcsZzfNtn+]|\.[369]?f|[369]f|:{1,3}z|#z|%)"
)


def format_problem(form: str, *, date: bool = False, pivot: int | None = None) -> str | None:
    """Why a format would read something else than it seems to, or None."""
    if pivot is None and has_short_year(form):
        return "it reads years of two digits: declare the first year they may mean, such as pivot=1950"
    if "%" not in form:
        return "it names nothing to read; write it like %Y-%m-%d"
    if re.search(r"(?<!%)%[HI]", form) and not re.search(r"(?<!%)%(?:M|R|T)", form):
        return "it reads an hour without minutes"
    for trap, problem in {**_TRAPS, **(_DATE_TRAPS if date else {})}.items():
        if re.search(trap, form):
            return problem
    if unknown := _unknown_directive(form):
        return f"{unknown} is nothing that dates are written with; see %Y %m %d %H %M %S %.f %z"
    return None


def confused(forms: Sequence[str]) -> tuple[str, str, str] | None:
    """Two formats that read one text as different moments, and such a text; None where there are none."""
    if len(forms) < 2:
        return None
    import polars as pl

    written = pl.Series(_SAMPLES).dt.replace_time_zone("UTC")
    for form in forms:
        try:
            texts = written.dt.strftime(form.replace("%#z", "%:z"))
        except pl.exceptions.PolarsError:  # not every format that can be read can be written
            continue
        for other in forms:
            for text, one, two in zip(texts, _read(texts, form), _read(texts, other), strict=True):
                if one is not None and two is not None and one != two:
                    return form, other, text
    return None


def _read(texts: pl.Series, form: str) -> list[datetime | None]:
    import polars as pl

    if names_zone(form):
        form, texts = form.removesuffix("%Z").rstrip(), texts.str.replace(r"\s*UTC$", "")
    try:
        found = texts.str.to_datetime(form, strict=False)
    except pl.exceptions.PolarsError:
        return [None] * len(texts)
    return [at.replace(tzinfo=None) if at and at.year >= SHORTEST_YEAR else None for at in found]


def has_offset(form: str) -> bool:
    """Whether values of this format carry their offset from UTC."""
    return re.search(r"(?<!%)%(?:[:#]{0,3}z|\+)", form) is not None


def has_short_year(form: str) -> bool:
    """Whether values of this format have years of two digits."""
    return re.search(r"(?<!%)%[-_0]?[yDxg]", form) is not None


def has_time(form: str) -> bool:
    """Whether values of this format have a time of day."""
    return re.search(r"(?<!%)%[-_0]?[HIklTRrXscSMpP+]", form) is not None


def names_zone(form: str) -> bool:
    """Whether values of this format end with the name of their zone."""
    return re.search(r"(?<!%)%Z$", form) is not None


def offset_of(zone: str) -> timedelta | None:
    """The offset from UTC that is written in place of a zone, such as `-08:00`; None for a zone's name."""
    found = re.fullmatch(r"([+-])([01][0-9]|2[0-3]):?([0-5][0-9])", zone)
    if found is None:
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return -offset if found[1] == "-" else offset


def is_utc(form: str) -> bool:
    """Whether values of this format are in UTC by their form: a literal Z at the end, seconds since 1970."""
    return re.search(r"(?<!%)(?:%%)*Z$", form) is not None or re.search(r"(?<!%)%s", form) is not None


def _unknown_directive(form: str) -> str | None:
    rest = _DIRECTIVE.sub("", form)
    at = rest.find("%")
    return None if at < 0 else rest[at : at + 2]
