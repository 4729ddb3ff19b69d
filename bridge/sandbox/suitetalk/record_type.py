"""What NetSuite knows of a kind of record beside its rows: names, types of columns, display values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from bridge.sandbox.store import Row, Table
from bridge.sandbox.tokens import NULL, text_of

MODIFIED = "lastmodifieddate"
Value = str | int | Decimal | datetime | None


@dataclass(frozen=True, kw_only=True)
class RecordType:
    """A kind of record: `customer` in both APIs, or `item` in SuiteQL and `inventoryItem` as a record."""

    table: Table
    rest: str
    # Columns by what they hold; the others hold text.
    numbers: frozenset[str] = frozenset()
    dates: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()
    # Another name for a column, in queries.
    aliases: Mapping[str, str] = field(default_factory=dict)
    # Column → its values → how BUILTIN.DF shows them; such a column is a reference.
    display: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    # The record API's camelCase names, by column.
    names: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    # The column that a new record is given a number in where it names none.
    numbered: str | None = None

    def column(self, name: str) -> str | None:
        """Find a column by its name in a query; None when there is none."""
        name = self.aliases.get(name.lower(), name.lower())
        return name if name == MODIFIED or name in self.table.columns else None

    def value(self, row: Row, column: str) -> Value:
        """Give what a query compares; None for null, and for what is not of the column's type."""
        if column == "id":
            return row.key[0]
        if column == MODIFIED:
            return row.modified
        token = row.columns.get(column, NULL)
        if token == NULL:
            return None
        text = text_of(token)
        if column in self.numbers:
            return _number(text)
        return _date(text) if column in self.dates else text

    def shown(self, row: Row, column: str) -> str | None:
        """Give the display value of a column, as BUILTIN.DF does."""
        token = row.columns.get(column, NULL)
        if token == NULL:
            return None
        if column in self.flags:
            return "Yes" if text_of(token) == "T" else "No"
        return self.display.get(column, {}).get(text_of(token), text_of(token))


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _date(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None
