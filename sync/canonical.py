"""One value's canonical text by its field's kind, in plain Python: keys in URLs, defaults, mended values.

The columnar twin for whole batches is sync/pipeline/normalize.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from sync.errors import RecordError
from sync.fields import (
    Boolean,
    Clean,
    Field,
    Integer,
    Json,
    Money,
    Text,
    Timestamp,
    collapse,
    lower,
    trim,
    upper,
)
from sync.number import number, shown
from sync.text import clean_text

FORMS = {
    "integer": r"^(?:0|-?[1-9][0-9]*)$",
    "decimal": r"^(?:0|-?(?:0\.[0-9]*[1-9]|[1-9][0-9]*(?:\.[0-9]*[1-9])?))$",
    "money": r"^(?:0|-?(?:0\.[0-9]*[1-9]|[1-9][0-9]*(?:\.[0-9]*[1-9])?))$",
    "boolean": r"^(?:true|false)$",
    "date": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "bytes": r"^(?:[0-9a-f]{2})+$",
    "timestamp": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?Z$",
}
"""What canonical text of a kind looks like, as a regular expression of Rust's and of Python's."""

_SAMPLES = {
    "integer": "1000",
    "decimal": "1000.5",
    "money": "1000.5",
    "boolean": "true",
    "date": "2025-12-08",
    "timestamp": "2025-12-08T10:30:00Z",
    "bytes": "00ff",
    "json": '{"a":1}',
}

MOST_LEVELS = 200
"""Of nested values; readers of JSON have their limits, and stand on stacks of different depths."""

LARGEST_EXACT = 2**53 - 1
"""The largest whole number that every JSON reader keeps; beyond it a field is declared `wide`."""


class Digits(str):
    """A JSON number as it was written."""

    __slots__ = ()


def canonical(field: Field, text: str) -> str | None:
    """The canonical text of a value, or None where a blank means that there is none.

    Dates and timestamps are taken in their canonical form only. Raises RecordError.
    """
    if isinstance(field, Json):
        return json_text(read_json(text))
    text = clean_text(text, trim=field.trim if isinstance(field, Text) else True)
    if text.strip() in field.nulls:
        return None
    text = _cleaned(field, text)
    if isinstance(field, Text):
        return None if field.empty_is_null and not text else text
    return _BY_KIND[field.kind](field, text) if text else None


def json_text(value: Any, levels: int = MOST_LEVELS) -> str:
    """A value read by `read_json` as JSON text: names sorted, no blanks, exact numbers, clean text.

    Raises RecordError, nested_too_deep beyond so many levels.
    """
    if isinstance(value, Digits):
        return number(value)
    if isinstance(value, dict | list) and not levels:
        raise RecordError(f"is nested deeper than {MOST_LEVELS} levels", code="nested_too_deep")
    if isinstance(value, dict):
        named: dict[str, Any] = {}
        for name, part in value.items():
            named.setdefault(clean_text(name, trim=False), part)
        parts = (f"{_quoted(name)}:{json_text(named[name], levels - 1)}" for name in sorted(named))
        return "{" + ",".join(parts) + "}"
    if isinstance(value, list):
        return "[" + ",".join(json_text(part, levels - 1) for part in value) + "]"
    return _quoted(clean_text(value, trim=False)) if isinstance(value, str) else json.dumps(value)


def read_json(text: str) -> Any:
    """JSON with its numbers kept as Digits; the first of equal names wins.

    Raises RecordError unreadable_json, for NaN and too deep nesting too.
    """
    try:
        return json.loads(
            text, parse_float=Digits, parse_int=Digits, parse_constant=_no_number, object_pairs_hook=_first
        )
    except ValueError as error:
        raise RecordError(f"is not JSON: {error}", code="unreadable_json") from error
    except RecursionError as error:
        raise RecordError("is nested too deep to be read", code="unreadable_json") from error


def not_canonical(kind: str, text: str) -> str:
    """The words for a value that is not written as its kind is stored: somebody mended it so."""
    return f"{shown(text)} is not written as {kind} is stored, such as {_SAMPLES[kind]}"


def boolean(field: Boolean, text: str) -> str:
    """`true` or `false`, by the field's words whatever their case. Raises RecordError unreadable_boolean."""
    word = text.casefold()
    for result, words in (("true", field.true), ("false", field.false)):
        if word in {known.casefold() for known in words}:
            return result
    if word in ("true", "false"):
        return word
    known = ", ".join((*field.true, *field.false))
    message = f"{shown(text)} is neither true nor false; known words are {known}"
    raise RecordError(message, code="unreadable_boolean")


def _number(field: Field, text: str) -> str:
    return number(text, money=isinstance(field, Money), whole=isinstance(field, Integer))


def _boolean(field: Field, text: str) -> str:
    assert isinstance(field, Boolean)
    return boolean(field, text)


def _date(_: Field, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat() if re.search(FORMS["date"], text) else _no_date(text)
    except ValueError:
        return _no_date(text)


def _no_date(text: str) -> str:
    raise RecordError(f"{shown(text)} is not a date such as 2025-12-08", code="unreadable_date")


def _timestamp(field: Field, text: str) -> str:
    assert isinstance(field, Timestamp)
    moment, _, fraction = text.removesuffix("Z").partition(".")
    try:
        datetime.strptime(moment, "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007 - only read to see whether it can be
        readable = re.search(FORMS["timestamp"], text) is not None
    except ValueError:
        readable = False
    if not readable:
        message = f"{shown(text)} is not a moment in UTC such as 2025-12-08T10:30:00Z"
        raise RecordError(message, code="unreadable_timestamp")
    digits = fraction.ljust(field.fraction, "0")[: field.fraction]
    return f"{moment}.{digits}Z" if digits else f"{moment}Z"


def _bytes(_: Field, text: str) -> str:
    if re.search(FORMS["bytes"], text.lower()):
        return text.lower()
    raise RecordError(f"{shown(text)} is not bytes in hexadecimal digits", code="unreadable_bytes")


_BY_KIND: dict[str, Callable[[Field, str], str]] = {
    "integer": _number,
    "decimal": _number,
    "money": _number,
    "boolean": _boolean,
    "date": _date,
    "timestamp": _timestamp,
    "bytes": _bytes,
}

_BLANKS = re.compile(r"\s+")
_TWINS: dict[Clean, Callable[[str], str]] = {
    lower: str.lower,
    upper: str.upper,
    trim: str.strip,
    collapse: lambda text: _BLANKS.sub(" ", text),
}


def _cleaned(field: Field, text: str) -> str:
    """The text after those cleaning steps that have a twin here; others cannot run on a single value."""
    for step in field.clean:
        text = _TWINS[step](text) if step in _TWINS else text
    return text


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _first(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for name, value in pairs:
        named.setdefault(name, value)
    return named


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
