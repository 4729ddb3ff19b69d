"""What the formats of dates and timestamps may hold, and what they say about a zone."""

from __future__ import annotations

import re

_TRAPS = {
    r"(?<!%)%[fN]": "%f reads digits as nanoseconds; write %.f after %S for a fraction of a second",
    r"(?<!%)%Z": "%Z reads a zone's name and forgets it; use %z, or declare the field's zone",
}
_DATE_TRAPS = {r"(?<!%)%[:#]?z": "a date has no zone; declare a Timestamp"}
# Directives of a moment that polars (chrono) reads: %Y and %-d, %.f and %.3f, %:z, %%.
_DIRECTIVE = re.compile(
    r"%(?:[-_0]?[YCyGgmbBhdeaAwuUWVjDxFvHkIlPpMSRTXrcsZzfNtn+]|\.[369]?f|[369]f|:{1,3}z|#z|%)"
)


def format_problem(form: str, *, date: bool = False) -> str | None:
    """Why a format would read something else than it seems to, or None."""
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


def has_offset(form: str) -> bool:
    """Whether values of this format carry their offset from UTC."""
    return re.search(r"(?<!%)%(?:[:#]{0,3}z|\+)", form) is not None


def is_utc(form: str) -> bool:
    """Whether values of this format are in UTC by their form: a literal Z at the end, seconds since 1970."""
    return form.endswith("Z") or re.search(r"(?<!%)%s", form) is not None


def _unknown_directive(form: str) -> str | None:
    rest = _DIRECTIVE.sub("", form)
    at = rest.find("%")
    return None if at < 0 else rest[at : at + 2]
