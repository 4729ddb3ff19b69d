"""Bad values in some rows of a table, always the same rows; the stored ones stay good."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace
from zlib import crc32

from bridge.sandbox.store import Key, Row, Table, key_text
from bridge.sandbox.tokens import Columns


class Dirt:
    """Chooses rows (by key, else a share of the table) and what is wrong with each (a kind of the table's,
    else the given columns)."""

    def __init__(
        self,
        *,
        share: float,
        rows: Collection[str] = (),
        kinds: tuple[str, ...] = (),
        columns: Columns | None = None,
    ) -> None:
        self._share, self._wanted, self._kinds, self._columns = share, frozenset(rows), kinds, columns or {}
        self._spoiled: dict[str, tuple[int, dict[Key, Row]]] = {}

    def __call__(self, table: Table, rows: list[Row]) -> list[Row]:
        """Return the rows with the bad ones in place of the good ones."""
        spoiled = self.spoiled(table)
        return [spoiled.get(row.key, row) for row in rows]

    def spoiled(self, table: Table) -> dict[Key, Row]:
        """Return the bad rows of a table by key."""
        revision, spoiled = self._spoiled.get(table.name, (-1, {}))
        if revision != table.revision:
            revision, spoiled = (
                table.revision,
                {row.key: self._spoil(table, row) for row in self._chosen(table)},
            )
            self._spoiled[table.name] = (revision, spoiled)
        return spoiled

    def kinds(self, table: Table) -> dict[str, str]:
        """Say what is wrong with each bad row: key as in URLs → kind."""
        return {key_text(key): self._kind(table, key) for key in self.spoiled(table)}

    def _chosen(self, table: Table) -> list[Row]:
        rows = table.rows()
        if self._wanted:
            return [row for row in rows if key_text(row.key) in self._wanted]
        count = min(len(rows), max(1, math.ceil(self._share * len(rows))))
        return sorted(rows, key=lambda row: _draw(table, row.key))[:count]

    def _kind(self, table: Table, key: Key) -> str:
        if self._columns:
            return "columns"
        kinds = [kind for kind in self._kinds if kind in table.dirt] or [*table.dirt]
        return kinds[_draw(table, key) % 9973 % len(kinds)]

    def _spoil(self, table: Table, row: Row) -> Row:
        kind = self._kind(table, row.key)
        given = {table.column(name): token for name, token in self._columns.items()}
        return replace(row, columns={**row.columns, **(given or table.dirt[kind])}, rendered={})


def _draw(table: Table, key: Key) -> int:
    return crc32(f"{table.name}:{key_text(key)}".encode())
