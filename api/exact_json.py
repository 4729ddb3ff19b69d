"""JSON whose fractions keep their digits: a mended amount must arrive as it was typed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class ExactJSONParser(JSONParser):
    """Fractions become texts, never floats."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The value. Raises ParseError."""
        try:
            return json.loads(stream.read(), parse_float=str, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise ParseError(f"JSON parse error - {error}") from None


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")
