"""Which values a mend may have: what the database can hold, and no stage stumbles over."""

from __future__ import annotations

from typing import Any

from sync.errors import InvalidRequest
from sync.text import storable

DEEPEST = 100
"""Objects and arrays inside each other: no row of a far end that fields are read from comes near it."""


def refuse_unstorable(data: Any) -> None:
    """Raise InvalidRequest (bad_parameter) for NUL, half a surrogate pair, or values that are nested too deeply."""
    level = [data]
    for _ in range(DEEPEST):
        if not all(storable(value) for value in level if isinstance(value, str)):
            raise InvalidRequest(
                "A value has characters that cannot be stored: leave them out.", code="bad_parameter"
            )
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return
    raise InvalidRequest(f"A value is nested deeper than {DEEPEST} levels.", code="bad_parameter")


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else []
