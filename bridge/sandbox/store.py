"""The rows a far end holds: kept in memory while it runs, changed by anyone who asks."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote

from bridge.sandbox.data import moments
from bridge.sandbox.tokens import Columns, text_of

Key = tuple[int | str, ...]
Generator = Callable[[random.Random, int], Columns]
"""Makes the row of a number, by what is drawn."""
Deriver = Callable[[Columns], Columns]
"""Makes columns of the others of a row, whatever these hold."""


class StoreError(Exception):
    """A row or table cannot be had; `status` is the HTTP status that says so."""

    status = 400


class UnknownError(StoreError):
    """There is no such table or row."""

    status = 404


class ConflictError(StoreError):
    """There is already a row with that key."""

    status = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row; a change makes a new one, so a page being rendered never sees half of it."""

    key: Key
    columns: Columns
    modified: datetime
    version: int
    # When it was added; None: it was there at the start.
    added: datetime | None = None
    # Rendered bytes by form, so that an unchanged row is written out once.
    rendered: dict[str, bytes] = field(default_factory=dict, compare=False)


Watcher = Callable[["Table", Row, str], None]
"""Hears which row of which table was created, updated or deleted."""


class Table:
    """Rows in the order of their key. Loaded on first use; safe for threads."""

    def __init__(
        self,
        *,
        name: str,
        key: Mapping[str, type[int] | type[str]],
        load: Callable[[], Iterable[Columns]],
        names: Iterable[str] = (),
        columns: Iterable[str] = (),
        stamps: Iterable[str] = (),
        step: timedelta = timedelta(milliseconds=1),
        dirt: Mapping[str, Columns] | None = None,
        generator: Generator | None = None,
        derive: Deriver = lambda _: {},
    ) -> None:
        self.name = name
        self.names = {name.lower(), *(other.lower() for other in names)}
        self.key = dict(key)
        self.dirt = dict(dirt or {})
        self.generator = generator
        self._derive = derive
        # Seed and step of the generated rows that it has; None: it has its own.
        self.generated: tuple[int, int] | None = None
        self.revision = 0
        # Stamps are written by the far end itself: one given by hand stands only until the next change.
        self._load, self._step, self._extra, self._stamps = load, step, tuple(columns), tuple(stamps)
        self._lock = threading.RLock()
        self._pristine: list[Row] | None = None
        self._columns: dict[str, None] = {}
        self._rows: dict[Key, Row] = {}
        self._version = 0
        self._ordered: list[Row] | None = None
        self._watchers: list[Watcher] = []

    def watch(self, watcher: Watcher) -> None:
        """Let somebody hear of each change, in their order."""
        self._watchers.append(watcher)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column any row ever had, first seen first."""
        self._load_once()
        return tuple(self._columns)

    def rows(self) -> list[Row]:
        """A snapshot in key order; do not change it."""
        with self._lock:
            self._load_once()
            if self._ordered is None:
                self._ordered = [self._rows[key] for key in sorted(self._rows)]
            return self._ordered

    def find(self, key: Key) -> Row:
        """Return the row of a key. Raises UnknownError."""
        self._load_once()
        row = self._rows.get(key)
        if row is None:
            raise UnknownError(f"{self.name} has no row {key_text(key)}")
        return row

    def parse_key(self, text: str) -> Key:
        """Read a key as it stands in a URL: percent-encoded parts joined by commas."""
        parts = [unquote(part) for part in text.split(",")]
        if len(parts) != len(self.key):
            raise UnknownError(f"{self.name} has the key {','.join(self.key)}, got {text!r}")
        try:
            return tuple(kind(part) for kind, part in zip(self.key.values(), parts, strict=True))
        except ValueError:
            raise UnknownError(f"{self.name} has no row {text}") from None

    def column(self, name: str) -> str:
        """Give a column's own spelling, or the name itself when it is new."""
        return next((known for known in self.columns if known.lower() == name.lower()), name)

    def add(self, columns: Columns) -> Row:
        """Add a row. Raises ConflictError when its key is taken, StoreError when it has none."""
        with self._lock:
            named = {self.column(name): token for name, token in columns.items()}
            key = self._key_of(named)
            if key in self._rows:
                raise ConflictError(f"{self.name} has already a row {key_text(key)}")
            whole = {**self._derive(named), **named}
            moment = datetime.now(UTC)
            row = Row(key=key, columns=whole, modified=self._cut(moment), version=self._next(), added=moment)
            return self._told(self._put(row), "created")

    def change(self, key: Key, columns: Columns) -> Row:
        """Change some columns of a row; its modified moment and version rise."""
        with self._lock:
            row = self.find(key)
            named = {self.column(name): token for name, token in columns.items()}
            kept = {name: token for name, token in row.columns.items() if name not in self._stamps}
            if self._key_of(kept | named) != key:
                raise StoreError(f"the key {','.join(self.key)} of a row cannot be changed")
            modified = max(self._cut(datetime.now(UTC)), row.modified + self._step)
            # What is given by hand stands until the next change.
            columns = {**kept, **self._derive(kept | named), **named}
            changed = Row(key=key, columns=columns, modified=modified, version=self._next(), added=row.added)
            return self._told(self._put(changed), "updated")

    def delete(self, key: Key) -> Row:
        """Take a row out. Raises UnknownError."""
        with self._lock:
            row = self.find(key)
            del self._rows[key]
            self._touched()
            return self._told(row, "deleted")

    def matching(self, wanted: Mapping[str, str]) -> list[Row]:
        """The rows with these texts in these columns, in key order."""
        named = {self.column(name): text for name, text in wanted.items()}
        return [
            row
            for row in self.rows()
            if all(name in row.columns and text_of(row.columns[name]) == text for name, text in named.items())
        ]

    def reset(self) -> None:
        """Bring back every row as it was at the start."""
        with self._lock:
            self.generated = None
            if self._pristine is not None:
                self._rows = {row.key: row for row in self._pristine}
                self._version = len(self._pristine)
                self._touched()

    def _load_once(self) -> None:
        # Not by `rows`: putting all of them in order again for each row that is added takes minutes.
        with self._lock:
            if self._pristine is None:
                self._fill()

    def _fill(self) -> None:
        loaded = [{**columns, **self._derive(columns)} for columns in self._load()]
        drawn = moments(self.name, len(loaded), self._step)
        order = sorted(range(len(loaded)), key=drawn.__getitem__)
        version = {index: place for place, index in enumerate(order, start=1)}
        self._pristine = [
            Row(key=self._key_of(columns), columns=columns, modified=drawn[index], version=version[index])
            for index, columns in enumerate(loaded)
        ]
        self._columns = dict.fromkeys(name for columns in loaded for name in columns)
        self._columns.update(dict.fromkeys(self._extra))
        self.reset()

    def _put(self, row: Row) -> Row:
        self._rows[row.key] = row
        self._columns.update(dict.fromkeys(row.columns))
        self._touched()
        return row

    def _told(self, row: Row, event: str) -> Row:
        for watcher in self._watchers:
            watcher(self, row, event)
        return row

    def _touched(self) -> None:
        self._ordered = None
        self.revision += 1

    def _next(self) -> int:
        self._version += 1
        return self._version

    def _cut(self, moment: datetime) -> datetime:
        """A moment as exact as the far end can tell it."""
        start = datetime(2000, 1, 1, tzinfo=UTC)
        return start + (moment - start) // self._step * self._step

    def _key_of(self, columns: Columns) -> Key:
        try:
            return tuple(kind(text_of(columns[name])) for name, kind in self.key.items())
        except (KeyError, ValueError):
            raise StoreError(f"a row of {self.name} needs its key: {','.join(self.key)}") from None


class Store:
    """The tables of one far end."""

    def __init__(self, *tables: Table) -> None:
        self.tables = tables
        self._resets: list[Callable[[], None]] = []

    def table(self, name: str) -> Table:
        """Find a table by any of its names. Raises UnknownError."""
        for table in self.tables:
            if name.lower() in table.names:
                return table
        known = ", ".join(table.name for table in self.tables)
        raise UnknownError(f"there is no {name!r} here, only {known}")

    def watch(self, watcher: Watcher) -> None:
        """Let somebody hear of each change in any table."""
        for table in self.tables:
            table.watch(watcher)

    def watch_reset(self, told: Callable[[], None]) -> None:
        """Let somebody hear that everything is as at the start again."""
        self._resets.append(told)

    def reset(self) -> None:
        """Bring back every table as it was at the start."""
        for table in self.tables:
            table.reset()
        for told in self._resets:
            told()


def key_text(key: Key) -> str:
    """Write a key as it stands in a URL."""
    return ",".join(quote(str(part), safe="") for part in key)
