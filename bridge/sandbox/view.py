"""A far end's rows as one request sees them: some gone, in another order, dirty, or with other columns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zlib import crc32

from bridge.sandbox.dirt import Dirt
from bridge.sandbox.store import Row, Table, key_text


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """What the moods in force do to rows; without any they are as they are stored."""

    dirt: Dirt | None = None
    # The share of the rows that the far end has no more, always the same ones.
    gone: float = 0.0
    # Seconds for which what was added is in no list. None: as long as the far end always takes.
    late: float | None = None
    # In an order of its own, the same for the same seed.
    seed: int | None = None
    # Of each page only the first half of its rows comes; what it says of totals and pages counts them all.
    halved: bool = False
    # Columns that bear other names: old → new. None: as always; empty: the table's last one.
    renamed: Mapping[str, str] | None = field(default=None)

    def held(self, table: Table, rows: list[Row]) -> list[Row]:
        """Of these rows those that the far end says it has, in its order."""
        if self.late:
            shown = datetime.now(UTC) - timedelta(seconds=self.late)
            rows = [row for row in rows if row.added is None or row.added <= shown]
        if self.gone:
            lost = math.ceil(self.gone * len(table.rows()))
            drawn = sorted(table.rows(), key=lambda row: _draw("gone", table, row))
            missing = {row.key for row in drawn[:lost]}
            rows = [row for row in rows if row.key not in missing]
        if self.seed is not None:
            rows = sorted(rows, key=lambda row: _draw(str(self.seed), table, row))
        return rows

    def page(self, table: Table, rows: list[Row]) -> list[Row]:
        """The rows of a page as they are served."""
        if self.dirt is not None:
            rows = self.dirt(table, rows)
        if self.halved:
            rows = rows[: len(rows) // 2]
        names = self.names(table)
        if not names:
            return rows
        return [
            replace(
                row, columns={names.get(name, name): raw for name, raw in row.columns.items()}, rendered={}
            )
            for row in rows
        ]

    def names(self, table: Table) -> dict[str, str]:
        """The renamed columns of a table, by its own spelling of them."""
        if self.renamed is None:
            return {}
        if not self.renamed:
            last = table.columns[-1]
            return {last: f"NEW_{last}" if last.isupper() else f"new_{last}"}
        return {table.column(old): new for old, new in self.renamed.items()}

    def columns(self, table: Table) -> tuple[str, ...]:
        """The table's columns as they are named now."""
        names = self.names(table)
        return tuple(names.get(name, name) for name in table.columns)


def _draw(salt: str, table: Table, row: Row) -> int:
    return crc32(f"{salt}:{table.name}:{key_text(row.key)}".encode())
