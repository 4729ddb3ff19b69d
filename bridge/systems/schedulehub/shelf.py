"""One collection of the sandbox's ScheduleHub: its rows, found by our key, tied to their parents."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

import msgspec

from bridge.sandbox.store import Row, Table, UnknownError
from bridge.sandbox.tokens import object_of, text_of

KEY, HASH = "erp_key_hash", "erp_data_hash"
LOCKED = "locked"
Done = tuple[int, Mapping[str, Any]]


class HubError(Exception):
    """A request, or one row of it, that ScheduleHub refuses."""

    def __init__(self, status: int, code: str, message: str, number: int | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.number = status, code, message, number

    def document(self) -> Mapping[str, Any]:
        """Say it as ScheduleHub does."""
        named = {} if self.number is None else {"id": self.number}
        return {**named, "error": {"code": self.code, "message": self.message}}


class Shelf:
    """Rows with ids of its own. A row whose `locked` is true is being edited by a planner: 409 to any change."""

    def __init__(self, table: Table, parents: Mapping[str, str], shelves: Mapping[str, Shelf]) -> None:
        self.table, self._parents, self._shelves = table, parents, shelves
        self._ids: dict[str, int] = {}
        self._used: dict[str, Counter[int]] = defaultdict(Counter)  # collection → id → rows here that need it
        self._revision = -1
        self._last = 0

    def create(self, columns: Mapping[str, msgspec.Raw], *, idempotent: bool) -> Done:
        """Add a row; where our key is there already, 409 with its id, or an update in the idempotent mood."""
        self._know()
        named = {name: bytes(raw) for name, raw in columns.items()}
        if KEY not in named:
            raise HubError(422, "KEY_MISSING", f"{KEY} is missing.")
        key = text_of(named[KEY])
        if (number := self._ids.get(key)) is not None:
            if idempotent:
                return self.update(number, columns)
            raise HubError(409, "DUPLICATE_KEY", f"{self.table.name} has {KEY} {key} already.", number)
        self._check_parents(named)
        self._last += 1
        row = self.table.add({"id": str(self._last).encode(), **named})
        self._learn(row)
        return 201, {"id": self._last}

    def update(self, number: int, columns: Mapping[str, msgspec.Raw]) -> Done:
        """Change a row."""
        self._know()
        row = self._row(number)
        named = {name: bytes(raw) for name, raw in columns.items()}
        self._check_parents(named)
        self._forget(row)
        self._learn(self.table.change((number,), named))
        return 200, {"id": number}

    def delete(self, number: int) -> Done:
        """Take a row out; 409 while others need it."""
        self._know()
        row = self._row(number)
        for shelf in self._shelves.values():
            if shelf.needs(self.table.name, number):
                name = shelf.table.name
                raise HubError(409, "HAS_CHILDREN", f"{self.table.name} {number} has {name}.", number)
        self._forget(row)
        self.table.delete((number,))
        self._revision = self.table.revision
        return 200, {"id": number}

    def key_of(self, number: int | None, columns: Mapping[str, msgspec.Raw]) -> str | None:
        """Our key of a row that is written, or is there; None without one."""
        if KEY in columns:
            return text_of(bytes(columns[KEY]))
        row = None if number is None or not self.has(number) else self.table.find((number,))
        return text_of(row.columns[KEY]) if row and KEY in row.columns else None

    def needs(self, collection: str, number: int) -> bool:
        """Whether rows here name that row."""
        self._know()
        return self._used[collection][number] > 0

    def shown(self, number: int) -> bytes:
        """A row as JSON."""
        return object_of(self._row(number, locked_too=True).columns)

    def marks(self, keys: Iterable[str]) -> list[dict[str, Any]]:
        """Those of these keys that it has."""
        self._know()
        return [_marks(self.table.find((self._ids[key],))) for key in keys if key in self._ids]

    def held(self, prefix: str) -> list[dict[str, Any]]:
        """The rows whose key begins so."""
        self._know()
        return self.marks(sorted(key for key in self._ids if key.startswith(prefix)))

    def ranges(self) -> list[dict[str, Any]]:
        """Count and digest of the rows by the first two digits of the key."""
        found: dict[str, list[str]] = defaultdict(list)
        for mark in self.held(""):
            found[mark[KEY][:2]].append(mark[KEY] + mark[HASH])
        return [
            {"prefix": prefix, "rows": len(texts), "digest": sha256("".join(texts).encode()).hexdigest()}
            for prefix, texts in found.items()
        ]

    def _row(self, number: int, *, locked_too: bool = False) -> Row:
        try:
            row = self.table.find((number,))
        except UnknownError:
            raise HubError(404, "NOT_FOUND", f"{self.table.name} has no row {number}.") from None
        if row.columns.get(LOCKED) == b"true" and not locked_too:
            raise HubError(409, "LOCKED", f"{self.table.name} {number} is being edited by a planner.", number)
        return row

    def _check_parents(self, named: Mapping[str, bytes]) -> None:
        for column, collection in self._parents.items():
            token = named.get(column, b"null")
            if not (token.isdigit() and self._shelves[collection].has(int(token))):
                message = f"{column} {token.decode()}: there is no such row in {collection}."
                raise HubError(404, "PARENT_NOT_FOUND", message)

    def has(self, number: int) -> bool:
        """Whether there is such a row."""
        try:
            self.table.find((number,))
        except UnknownError:
            return False
        return True

    def _know(self) -> None:
        """Rows may also be changed, or reset, from the control pages: then all is learned anew."""
        if self._revision == self.table.revision:
            return
        self._ids.clear()
        self._used.clear()
        for row in self.table.rows():
            self._learn(row)
            self._last = max(self._last, int(row.key[0]))
        self._revision = self.table.revision

    def _learn(self, row: Row) -> None:
        if KEY in row.columns:
            self._ids[text_of(row.columns[KEY])] = int(row.key[0])
        for column, collection in self._parents.items():
            self._used[collection][int(row.columns.get(column, b"0"))] += 1
        self._revision = self.table.revision

    def _forget(self, row: Row) -> None:
        self._ids.pop(text_of(row.columns.get(KEY, b'""')), None)
        for column, collection in self._parents.items():
            self._used[collection][int(row.columns.get(column, b"0"))] -= 1


def _marks(row: Row) -> dict[str, Any]:
    return {
        "id": row.key[0],
        KEY: text_of(row.columns.get(KEY, b'""')),
        HASH: text_of(row.columns.get(HASH, b'""')),
        "erp_rowversion": int(row.columns.get("erp_rowversion", b"0")),
    }
