"""Stored raw rows of current records, read back batch by batch for a run under another mapping."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import xxhash
from django.db import connection

from sync.pipeline import PURE
from sync.pipeline.asides import bytes_hash
from sync.pipeline.batch import Batch, PageNote
from sync.pipeline.delta import with_moments
from sync.pipeline.raw import unpack
from sync.queries import query

if TYPE_CHECKING:
    from sync.pipeline.run import Run

ROWS_AT_ONCE = 20_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """A record's row as it came."""

    key_hash: uuid.UUID
    batch_id: int
    row_no: int
    synced_at: datetime
    raw: bytes


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Some records' rows; `not_kept` are those whose bytes are gone, `mended` those that a person mended."""

    rows: Sequence[Stored]
    not_kept: int
    mended: Sequence[Stored]


def stretches(run: Run, *, sample: int | None = None, every: bool = False) -> Iterator[Stretch]:
    """The rows of records that another mapping than the run's made; `every` record's; or those of a sample.

    Read through a cursor that outlives commits: the table is sorted once, however many batches it has.
    """
    statement = query("rows_of_records", leaf=run.leaf)
    given: dict[str, Any] = {"mapping": -1 if every else run.mapping}
    if sample is not None:
        statement, given = query("sampled_rows", leaf=run.leaf), {"most": sample}
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, given)
        while places := cursor.fetchmany(ROWS_AT_ONCE):
            yield _stretch(run, places)


def remade(run: Run, rows: Sequence[Stored], no: int) -> Batch:
    """The rows through the pure stages, each with the place where it was read; ready to be written anew."""
    batch = Batch(
        registered=run.registered,
        run=run,
        mapping=run.mapping,
        raw=[row.raw for row in rows],
        raw_hashes=[xxhash.xxh3_128_digest(row.raw, run.seed) for row in rows],
        raw_is_kept=True,
        asked_at=[row.synced_at for row in rows],
        pages=(PageNote(no=no, rows=len(rows), next=None),),
        frame=pl.DataFrame({"_row": pl.Series(range(len(rows)), dtype=pl.UInt32)}),
        counts={"rows_fetched": len(rows)},
        origins=[(row.batch_id, row.row_no) for row in rows],
    )
    for stage in PURE:
        if batch.frame.height:
            batch = stage(batch)
    if not batch.frame.height:
        return batch
    places = pl.DataFrame(
        {
            "_row": pl.Series(range(len(rows)), dtype=pl.UInt32),
            "_batch_id": pl.Series([row.batch_id for row in rows], dtype=pl.Int64),
            "_row_no": pl.Series([row.row_no for row in rows], dtype=pl.Int64),
        }
    )
    return with_moments(batch.with_frame(batch.frame.join(places, on="_row", how="left")))


def _stretch(run: Run, places: Sequence[tuple[Any, ...]]) -> Stretch:
    pages = _pages({place[1] for place in places})
    kept = [
        Stored(key_hash=key, batch_id=batch_id, row_no=row_no, synced_at=at, raw=pages[batch_id][row_no])
        for key, batch_id, row_no, at in places
        if batch_id in pages and row_no < len(pages[batch_id])
    ]
    known = _mended(run, [row.key_hash for row in kept])
    mended = [row for row in kept if known and (row.key_hash, bytes_hash(row.raw)) in known]
    out = {row.key_hash for row in mended}
    return Stretch(
        rows=[row for row in kept if row.key_hash not in out],
        not_kept=len(places) - len(kept),
        mended=mended,
    )


def _pages(batches: set[int]) -> dict[int, list[bytes]]:
    with connection.cursor() as cursor:
        cursor.execute(query("kept_pages"), {"batches": list(batches)})
        return {batch_id: unpack(bytes(body)) for batch_id, body in cursor.fetchall()}


def _mended(run: Run, keys: Sequence[uuid.UUID]) -> set[tuple[uuid.UUID, uuid.UUID]]:
    """Keys, each with the hash of the bytes that were mended: the bytes themselves may be kept no longer."""
    with connection.cursor() as cursor:
        cursor.execute(query("mended_rows"), {"entity_id": run.entity_id, "keys": list(keys)})
        return set(cursor.fetchall())
