"""Arrays for a statement: thousands of values as one text, where nothing in them needs quoting."""

from __future__ import annotations

import re
from collections.abc import Sequence

Array = str | list[str | None]
_PLAIN = re.compile(r"[\w:.+-]+(,[\w:.+-]+)*", re.ASCII)


def array(values: Sequence[str | None]) -> Array:
    """The array as PostgreSQL writes it, or as a list to be quoted value by value, which takes many times as long."""
    text = ",".join(["NULL" if value is None else value for value in values])
    is_plain = _PLAIN.fullmatch(text) and text.count(",") == len(values) - 1
    if not is_plain or text.upper().count("NULL") != values.count(None):
        return list(values)
    return "{" + text + "}"
