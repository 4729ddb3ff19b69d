"""What a caller wants of a schedule, read from JSON or from the words of a command line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.utils.dateparse import parse_duration

from sync.errors import InvalidRequest

_SPAN = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)\s*(s|m|min|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days"}
SPAN_HELP = "such as 30s, 15m, 6h, 1d or 00:15:00"


def changes_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given of a schedule's CHANGEABLE, as values; null takes a cadence or the jitter away.

    Raises InvalidRequest (bad_parameter, bad_schedule).
    """
    return {name: _READ[name](name, given[name]) for name in _READ if name in given}


def span(name: str, value: Any) -> timedelta:
    """A length of time: seconds, or text such as 15m. Raises InvalidRequest (bad_schedule)."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return timedelta(seconds=value)
        if isinstance(value, str):
            text = value.strip()
            if found := _SPAN.fullmatch(text):
                return timedelta(**{_UNITS[found[2]]: float(found[1])})
            if (parsed := parse_duration(text)) is not None:
                return parsed
    except (OverflowError, ValueError):  # beyond what a length of time can be
        pass
    message = f"{name} is {str(value)[:100]!r}: write a length of time {SPAN_HELP}."
    raise InvalidRequest(message, code="bad_schedule")


def _every(name: str, value: Any) -> timedelta | None:
    return None if value is None or value == "" else span(name, value)


def _jitter(name: str, value: Any) -> timedelta:
    return timedelta(0) if value is None or value == "" else span(name, value)


def _cron(name: str, value: Any) -> str | None:
    return None if value is None else _text(name, value).strip() or None


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise InvalidRequest(f"{name} must be a text.", code="bad_parameter")
    return value


def _truth(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidRequest(f"{name} must be true or false.", code="bad_parameter")
    return value


def _params(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidRequest(f"{name} must be an object.", code="bad_parameter")
    return dict(value)


_READ: dict[str, Callable[[str, Any], Any]] = {
    "enabled": _truth,
    "cron": _cron,
    "every": _every,
    "zone": _text,
    "jitter": _jitter,
    "missed": _text,
    "overlap": _text,
    "params": _params,
}
