"""Loads the hand-written SQL: each statement has a name, a purpose line and one home, queries.sql."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_STATEMENT = re.compile(r"^-- (\w+) --\n-- (.+)\n((?:(?!^-- \w+ --$).*\n?)*)", re.MULTILINE)


@cache
def statements() -> dict[str, str]:
    """All statements by name."""
    text = (Path(__file__).parent / "queries.sql").read_text(encoding="utf-8")
    return {name: body.strip().rstrip(";") for name, _purpose, body in _STATEMENT.findall(text)}


def query(name: str, **names: str | int) -> str:
    """The statement of that name; `{leaf}` and the like are filled with table names of ours, never with values."""
    statement = statements()[name]
    for placeholder, value in names.items():
        statement = statement.replace("{" + placeholder + "}", str(value))
    return statement
