"""What verbs print: tables for people, JSON for scripts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from bridge.exits import say

if TYPE_CHECKING:
    from django.db.models import QuerySet

WIDE = 100_000  # columns where no terminal says how wide it is: a line in a pipe is neither wrapped nor cut


def console() -> Console:
    """The console of stdout."""
    found = Console(highlight=False, soft_wrap=False)
    return found if found.is_terminal else Console(highlight=False, width=WIDE)


def print_json(value: Any) -> None:
    """Print a value as indented JSON; moments in ISO 8601, ids as text."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=_plain))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str) -> None:
    """Print rows under their column names, numbers to the right; `empty` where there are none.

    A column name that ends in `#` holds numbers.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        number = column.endswith("#")
        table.add_column(column.rstrip("#"), justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    if table.row_count:
        console().print(table)
    else:
        print(empty)


def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """How long since a moment, in the one unit that says enough: `3 min`."""
    if moment is None:
        return "never"
    seconds = int(((now or datetime.now(UTC)) - moment).total_seconds())
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit} ago"
    return f"{max(seconds, 0)} s ago"


def brief(text: str | None, most: int = 90, *, whole: bool | None = None) -> str:
    """The first line of a text, cut to so many characters; the `whole` text in one line where no terminal reads it."""
    if not console().is_terminal if whole is None else whole:
        return " ".join((text or "").split())
    line = (text or "").strip().split("\n", 1)[0]
    return line if len(line) <= most else line[: most - 1] + "…"


def say_rest(shown: int, rows: QuerySet[Any], limit: int) -> None:
    """Say on stderr that a list ends before its rows do, and how to see more."""
    if shown == limit and (total := rows.count()) > shown:
        say(f"{shown:,} of {total:,}; --limit N shows more.")


def _cell(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    # Square brackets are markup to rich; ours are only brackets.
    return "" if value is None else str(value).replace("[", r"\[")


def _plain(value: Any) -> str:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)
