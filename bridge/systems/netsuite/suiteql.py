"""Builds SuiteQL: the columns of an entity's fields, asked for in windows of ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sync.errors import FatalError
from sync.fields import Field
from sync.sources import By, Window

MASK = "YYYY-MM-DD HH24:MI:SS"
DAY_MASK = "YYYY-MM-DD"


@dataclass(frozen=True, kw_only=True, slots=True)
class SuiteQL:
    """A table as NetSuite's query service shows it."""

    table: str
    columns: tuple[str, ...]  # read as they are
    moments: tuple[
        str, ...
    ] = ()  # read through TO_CHAR: a bare date comes in the user's format, without time
    days: tuple[str, ...] = ()  # likewise, the date alone
    order_by: str = "id"  # unique and numeric: windows begin after the last one seen
    modified: str = "lastmodifieddate"

    @property
    def windows(self) -> tuple[By, ...]:
        """By id, and by the moment of the last change."""
        return ("key", "cursor")

    def page(self, *, since: str | None, after: int | None, window: Window | None = None) -> str:
        """The query of the rows after an id, changed since a moment (canonical text), within a window."""
        wheres = []
        if since is not None:
            wheres.append(f"{self.modified} >= {_date(since)}")
        if window is not None:
            wheres += self._within(window)
        if after is not None:
            # Never an offset: rows that change meanwhile would shift the pages, and 100,000 rows are the end.
            wheres.append(f"{self.order_by} > {after:d}")
        where = f" WHERE {' AND '.join(wheres)}" if wheres else ""
        return f"{self._select()}{where} ORDER BY {self.order_by}"

    def one(self, number: int) -> str:
        """The query of one row."""
        return f"{self._select()} WHERE {self.order_by} = {number:d}"

    def _within(self, window: Window) -> list[str]:
        column = self.order_by if window.by == "key" else self.modified
        write = _whole if window.by == "key" else _date
        return [f"{column} >= {write(window.low)}", f"{column} < {write(window.high)}"]

    def _select(self) -> str:
        parts = [*self.columns]
        parts += [f"TO_CHAR({name},'{MASK}') AS {name}" for name in self.moments]
        parts += [f"TO_CHAR({name},'{DAY_MASK}') AS {name}" for name in self.days]
        return " ".join(["SELECT", ", ".join(parts), "FROM", self.table])


def reading(table: str, fields: Mapping[str, Field]) -> SuiteQL:
    """The table with the columns that these fields read."""
    sources = {field.source or name: field.kind for name, field in fields.items()}
    return SuiteQL(
        table=table,
        columns=tuple(name for name, kind in sources.items() if kind not in ("timestamp", "date")),
        moments=tuple(name for name, kind in sources.items() if kind == "timestamp"),
        days=tuple(name for name, kind in sources.items() if kind == "date"),
    )


def _date(text: str) -> str:
    return f"TO_DATE('{_moment(text)}','{MASK}')"


def _whole(text: str) -> str:
    try:
        return f"{int(text):d}"
    except ValueError:
        raise FatalError(f"{text!r} is no id: NetSuite's are whole numbers.", code="bad_window") from None


def _moment(since: str) -> str:
    """Canonical text as the mask has it; written anew from a parsed moment, so that nothing else gets in."""
    try:
        moment = datetime.fromisoformat(since)
    except ValueError:
        raise FatalError(
            f"{since!r} is not a moment. Write it as 2025-12-08T10:30:00Z.", code="bad_since"
        ) from None
    utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return utc.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")
