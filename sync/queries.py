"""Loads the hand-written SQL: each statement has a name, a purpose line and one home, a queries.sql."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_STATEMENT = re.compile(r"^-- (\w+) --\n-- (.+)\n((?:(?!^-- \w+ --$).*\n?)*)", re.MULTILINE)


@cache
def statements() -> dict[str, str]:
    """All statements by name."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.rglob("queries.sql"))]
    found = [statement for text in texts for statement in _STATEMENT.findall(text)]
    return {name: body.strip().rstrip(";") for name, _purpose, body in found}


def query(name: str, **names: str | int) -> str:
    """The statement of that name; `{leaf}` and the like are filled with table names of ours, never with values."""
    statement = statements()[name]
    for placeholder, value in names.items():
        statement = statement.replace("{" + placeholder + "}", str(value))
    return statement
