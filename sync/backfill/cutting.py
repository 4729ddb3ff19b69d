"""Cuts a range of keys, or of the cursor, into windows."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from sync import clock
from sync.errors import InvalidRequest
from sync.fields import Field
from sync.registry import Registered
from sync.sources import By
from sync.start import canonical_moment, moment_of

MOST_WINDOWS = 10_000
KEYS_A_WINDOW = "50000"
TIME_A_WINDOW = "1d"
_LENGTH = re.compile(r"([0-9]{1,5})\s*([hd])")
_UNITS = {"h": "hours", "d": "days"}
Bounds = list[tuple[str, str]]


def cut(
    registered: Registered, by: By, low: str | None, high: str | None, step: str | None
) -> tuple[Bounds, str]:
    """The windows, each from its first bound on and below its second one, and the step as it was read.

    Raises InvalidRequest (bad_window, too_many_windows, no_windows).
    """
    field = _cursor(registered) if by == "cursor" else None
    if field is None or field.kind == "integer":
        return _numbers(low, high, step)
    if field.kind in ("timestamp", "date"):
        return _moments(field, low, high, step)
    message = f"The cursor of {registered.path} is a text, which cannot be cut into windows: go by key."
    raise InvalidRequest(message, code="no_windows")


def _cursor(registered: Registered) -> Field:
    assert registered.entity.cursor is not None
    return registered.entity.fields[registered.entity.cursor]


def _numbers(low: str | None, high: str | None, step: str | None) -> tuple[Bounds, str]:
    first, end = _whole("from", low), _whole("to", high)
    _check_order(first < end, first, end)
    size = _whole("window", step or KEYS_A_WINDOW)
    if size < 1:
        raise _bad(f"window is {size}: a window has at least one key.")
    _check_number((end - first + size - 1) // size)
    marks = [*range(first, end, size), end]
    return [(str(one), str(next_one)) for one, next_one in pairwise(marks)], str(size)


def _moments(field: Field, low: str | None, high: str | None, step: str | None) -> tuple[Bounds, str]:
    first = _moment("from", low)
    end = _moment("to", high) if high else clock.now().replace(microsecond=0)
    _check_order(first < end, low, high or "now")
    length = _length(field, step or TIME_A_WINDOW)
    _check_number(-((first - end) // length))
    marks = [first]
    while marks[-1] < end:
        marks.append(min(marks[-1] + length, end))
    written = [canonical_moment(field, mark) for mark in marks]
    bounds = [(one, next_one) for one, next_one in pairwise(written) if one < next_one]
    _check_order(bool(bounds), low, high or "now")
    return bounds, (step or TIME_A_WINDOW).strip()


def _whole(name: str, text: str | None) -> int:
    value = (text or "").strip()
    if not (value.isascii() and value.removeprefix("-").isdigit() and len(value) <= 18):
        told = "is missing" if not value else f"is {value[:50]!r}"
        raise _bad(f"{name} {told}: windows by number need a whole number.")
    return int(value)


def _moment(name: str, text: str | None) -> datetime:
    if not text:
        raise _bad(f"{name} is missing: write a moment such as 2025-12-08T10:30:00Z.")
    try:
        return moment_of(name, text).astimezone(UTC)
    except InvalidRequest as error:
        raise _bad(error.message) from None


def _length(field: Field, text: str) -> timedelta:
    found = _LENGTH.fullmatch(text.strip())
    if found is None or int(found[1]) < 1 or (field.kind == "date" and found[2] == "h"):
        units = "days, such as 7d" if field.kind == "date" else "hours or days, such as 6h or 7d"
        raise _bad(f"window is {text[:50]!r}: write {units}.")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _check_order(good: bool, low: object, high: object) -> None:
    if not good:
        message = f"Nothing lies from {low} on and below {high}: `from` must be less than `to`, which is not included."
        raise _bad(message)


def _check_number(number: int) -> None:
    if number > MOST_WINDOWS:
        message = f"These are {number:,} windows, more than {MOST_WINDOWS:,}: make `window` larger."
        raise InvalidRequest(message, code="too_many_windows")


def _bad(message: str) -> InvalidRequest:
    return InvalidRequest(message, code="bad_window")
