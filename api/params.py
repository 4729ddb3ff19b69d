"""Strict reading of what a caller asked: what is not known is refused, never overlooked."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from sync.errors import InvalidRequest, NotFound
from sync.start import moment_of

DEFAULT_LIMIT = 50
Stored = TypeVar("Stored")
MOST_AT_ONCE = 1_000  # rows of a list: a page stays below about a megabyte

TRUE_WORDS = frozenset({"true", "1", "yes"})
FALSE_WORDS = frozenset({"false", "0", "no"})


class Query:
    """The query parameters of a request. Reading raises InvalidRequest with a code and the way to ask."""

    def __init__(self, request: Request, known: Iterable[str]) -> None:
        self._values: dict[str, str] = {}
        names = tuple(known)
        for name, values in request.query_params.lists():
            if name not in names:
                raise _unknown(name, names)
            if len(values) > 1:
                raise InvalidRequest(
                    f"{name} was given {len(values)} times: once is enough.", code="bad_parameter"
                )
            if "\x00" in values[0]:
                raise InvalidRequest(f"{name} has a NUL character: leave it out.", code="bad_parameter")
            self._values[name] = values[0]

    def canonical(self) -> str:
        """The same text for the same question, in whatever order it was put."""
        return json.dumps(self._values, sort_keys=True)

    def text(self, name: str) -> str | None:
        """The value as it was sent; None where it is absent or empty."""
        return self._values.get(name) or None

    def choice(self, name: str, allowed: Iterable[str]) -> str | None:
        """One of the words allowed."""
        value = self.text(name)
        words = list(allowed)
        if value is not None and value not in words:
            raise InvalidRequest(
                f"{name} is {value!r}: write one of {', '.join(words)}.", code="bad_parameter"
            )
        return value

    def flag(self, name: str) -> bool:
        """true or false; absent is false."""
        value = (self.text(name) or "false").lower()
        if value not in TRUE_WORDS | FALSE_WORDS:
            raise InvalidRequest(f"{name} is {value!r}: write true or false.", code="bad_parameter")
        return value in TRUE_WORDS

    def limit(self) -> int:
        """How many rows at most."""
        value = self.text("limit") or str(DEFAULT_LIMIT)
        if not (value.isascii() and value.isdigit() and len(value) < 9 and 1 <= int(value) <= MOST_AT_ONCE):
            message = f"limit is {value!r}: write a whole number from 1 to {MOST_AT_ONCE}."
            raise InvalidRequest(message, code="bad_parameter")
        return int(value)

    def moment(self, name: str) -> datetime | None:
        """A moment in ISO 8601; without a zone it is UTC. An empty one is refused: it would ask for everything."""
        value = self._values.get(name)
        if value is None:
            return None
        # In a URL an unescaped + arrives as a blank.
        return moment_of(name, value.strip().replace(" ", "+") if "T" in value else value)

    def present(self, names: Iterable[str]) -> dict[str, str]:
        """Those of the names that were sent, the empty ones too."""
        return {name: self._values[name] for name in names if name in self._values}


def identifier(name: str, value: str) -> uuid.UUID:
    """The id in a URL. Raises NotFound: what is no id is the id of nothing."""
    try:
        return uuid.UUID(value)
    except ValueError:
        raise NotFound(f"There is no {name} {value[:100]!r}: ids are UUIDs, as Bridge gave them.") from None


def body(request: Request, known: Iterable[str]) -> Mapping[str, Any]:
    """The JSON object of the body; no body is an empty one. Raises ParseError and InvalidRequest."""
    try:
        data = request.data
    except RecursionError:
        raise ParseError("The body is nested too deeply to be read.") from None
    names = tuple(known)
    if data is None or data == {}:
        return {}
    if not isinstance(data, Mapping):
        raise InvalidRequest(f"Send a JSON object with {', '.join(names) or 'nothing in it'}.")
    for name in data:
        if name not in names:
            raise InvalidRequest(
                f"{str(name)[:100]!r} is not known here. Known are: {', '.join(names) or 'none'}.",
                code="unknown_field",
            )
    return data


def word(data: Mapping[str, Any], name: str) -> str | None:
    """A text of the body; None where it is absent, null or blank."""
    value = data.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidRequest(f"{name} must be a text.", code="bad_parameter")
    return storable(name, value.strip()) or None


def later(data: Mapping[str, Any], name: str) -> datetime | None:
    """A moment of the body that lies ahead; None where it is null. Raises InvalidRequest (bad_parameter)."""
    text = word(data, name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f"{name} is {text[:100]!r}: write a moment such as 2025-12-08T10:30:00Z."
        raise InvalidRequest(message, code="bad_parameter") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment <= datetime.now(UTC):
        raise InvalidRequest(f"{name} is over already: write one that lies ahead.", code="bad_parameter")
    return moment


def storable(name: str, value: Stored) -> Stored:
    """The value, if PostgreSQL can keep it: no NUL, no half of a surrogate pair. Raises InvalidRequest."""
    if not _storable(value):
        raise InvalidRequest(
            f"{name} has characters that cannot be stored: leave them out.", code="bad_parameter"
        )
    return value


def truth(data: Mapping[str, Any], name: str) -> bool:
    """A boolean of the body; absent is false."""
    value = data.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise InvalidRequest(f"{name} must be true or false.", code="bad_parameter")


def whole(data: Mapping[str, Any], name: str) -> int | None:
    """A whole number of the body; None where it is absent or null."""
    value = data.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise InvalidRequest(f"{name} must be a whole number.", code="bad_parameter")


def _unknown(name: str, known: tuple[str, ...]) -> InvalidRequest:
    return InvalidRequest(
        f"There is no parameter {name[:100]!r} here. Known are: {', '.join(sorted(known)) or 'none'}.",
        code="unknown_parameter",
    )


def _storable(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, Mapping):
        return all(_storable(name) and _storable(item) for name, item in value.items())
    return all(_storable(item) for item in value) if isinstance(value, list) else True
