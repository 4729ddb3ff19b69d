"""JSON read strictly: what two readers could take for different things is refused, and fractions keep their digits."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from sync.nesting import MOST_LEVELS, too_deep

_DEEP = f"it is nested more than {MOST_LEVELS} levels deep"


def strict(text: str | bytes, *, parse_float: Callable[[str], Any] | None = None) -> Any:
    """The value. Raises ValueError for what is no JSON, NaN, a name that an object has twice, and deep nesting."""
    try:
        value = json.loads(text, parse_float=parse_float, parse_constant=_refuse, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError(_DEEP) from None
    if too_deep(value):
        raise ValueError(_DEEP)
    return value


def exact(text: str | bytes) -> Any:
    """As `strict`; fractions become texts, never floats: a mended amount must arrive as it was typed."""
    return strict(text, parse_float=str)


class StrictJSONParser(JSONParser):
    """For all bodies."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The value. Raises ParseError."""
        try:
            return self.read(stream.read())
        except ValueError as error:
            raise ParseError(f"JSON parse error - {error}") from None

    def read(self, body: bytes) -> Any:
        """The value. Raises ValueError."""
        return strict(body)


class ExactJSONParser(StrictJSONParser):
    """Where amounts may come."""

    def read(self, body: bytes) -> Any:
        """As `exact`."""
        return exact(body)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice[:100]!r} is there twice: which one is meant?")
    return found
