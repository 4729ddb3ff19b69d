"""What travels through the stages: a frame of good rows, and what was set aside."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from sync.pipeline.alphabet import Alphabet
from sync.registry import Registered

if TYPE_CHECKING:
    from sync.pipeline.run import Run

PIPELINE_VERSION = 2
"""Raise it when a stage's result changes for the same bytes: the memo then misses by itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One thing wrong with one row."""

    stage: str  # normalize, validate, map, identity, ingest …
    code: str  # stable, such as unreadable_number, required, too_long
    message: str  # for people, with what to do
    field: str | None = None  # ours
    value: str | None = None  # what was found, cut to 200 characters


@dataclass(frozen=True, kw_only=True, slots=True)
class SetAside:
    """A row that left the good path, with everything needed to look at it and to run it again."""

    row: int  # index into Batch.raw
    faults: tuple[Fault, ...]  # all of them, in the order found; the first names stage and code
    key_hash: uuid.UUID | None = None  # where the key could be read
    version: int = 0
    normalized: Mapping[str, Any] | None = None  # input of validate, where the row came so far
    mapped: Mapping[str, Any] | None = None  # input of identity, where the row came so far
    origin: tuple[int, int] | None = None  # batch and row where a woken row was read


@dataclass(frozen=True, kw_only=True, slots=True)
class PageNote:
    """A page as the batch remembers it."""

    no: int
    rows: int
    next: Mapping[str, Any] | None
    total: int | None = None  # rows of the whole answer, where the far end said so
    steady: bool = False  # its place among the others does not depend on theirs


LANDED = {"key": pl.String, "revision": pl.Int32, "op": pl.String}
"""Rows that were written: the key hash in hex, the revision they have now, and insert, update or touch."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Pages joined. `frame` has a column `_row` (UInt32, index into raw), then what the stages add:

    normalize, validate: a String column for each declared field, canonical text, null = none;
    map: the computed fields too; identity: `_key_hash` (Binary, 16 bytes), `_data_hash` (Binary, 32 bytes),
    `_version` (Int64), `_data` (String, the JSON to be served); delta: `_op` (String).
    """

    registered: Registered
    run: Run | None = None  # what the batches of a job share; pure stages do without
    id: int = 0  # of the batch row, from `ingest` on
    last: bool = False  # no page follows: this batch ends the run
    raw: Sequence[bytes] = ()  # rows as received
    raw_hashes: Sequence[bytes] = ()  # 16 bytes each, by row
    asked_at: Sequence[datetime] = ()  # when the far end was asked, by row
    pages: tuple[PageNote, ...] = ()
    known: bytes = b""  # raw hashes, 16 bytes each, of rows skipped because the mirror holds the same bytes
    early: bool = False  # the memo was still being read: it may know more of the rows
    known_at: datetime | None = None  # when the far end was asked for the first page of these
    frame: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema={"_row": pl.UInt32}))
    canonical: bool = (
        False  # normalize wrote the columns: each value has the form of its kind, mended ones may not
    )
    alphabets: Mapping[str, Alphabet] = field(
        default_factory=dict
    )  # of columns that normalize wrote: at most these characters occur
    faults: Mapping[int, tuple[Fault, ...]] = field(default_factory=dict)  # by row, not yet set aside
    aside: tuple[SetAside, ...] = ()
    discarded: frozenset[int] = frozenset()  # those of them that a person discarded before, by row
    good: pl.DataFrame | None = (
        None  # `_key_hash`, `_version`, `_synced_at` of every readable row, also of the skipped; told: `_data_hash`
    )
    parked: pl.DataFrame | None = None  # rows that wait, with `_parent_entity` and `_parent_hash`
    landed: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=LANDED))  # what `ingest` wrote
    freed: frozenset[uuid.UUID] = frozenset()  # groups that its good rows took failures from
    high: str | None = None  # the greatest cursor among its rows
    counts: Mapping[str, int] = field(default_factory=dict)
    stage_ms: Mapping[str, int] = field(default_factory=dict)
    mapping: int = 0  # version of the mapping in force
    raw_is_kept: bool = False  # the bytes lie with an earlier batch, where `origins` says
    origins: Sequence[tuple[int, int]] = ()  # batch and row where each row was read; empty = in this batch

    @property
    def failed(self) -> tuple[SetAside, ...]:
        """The rows set aside that somebody has to look at."""
        return tuple(aside for aside in self.aside if aside.row not in self.discarded)

    def with_frame(self, frame: pl.DataFrame) -> Batch:
        """The batch with another frame."""
        return replace(self, frame=frame)

    def counting(self, **more: int) -> Batch:
        """The batch with these numbers added to its counts."""
        counts = dict(self.counts)
        for name, number in more.items():
            counts[name] = counts.get(name, 0) + number
        return replace(self, counts=counts)

    def faulted(self, faults: Mapping[int, Sequence[Fault]]) -> Batch:
        """The batch with these faults noted, row by row; the rows stay until `validate` sets them aside."""
        merged = dict(self.faults)
        for row, found in faults.items():
            merged[row] = (*merged.get(row, ()), *found)
        return replace(self, faults=merged)
