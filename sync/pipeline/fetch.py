"""Stage 1, fetch: pages joined into a batch; rows whose bytes the mirror holds go no further."""

from __future__ import annotations

import queue
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl
import xxhash
from django.conf import settings

from sync.errors import FatalError
from sync.jobs.claim import Interrupted
from sync.pipeline.batch import Batch, PageNote
from sync.pipeline.hashes import HASH_BYTES, numbers
from sync.pipeline.held import held
from sync.pipeline.reading import Numbered, PageStream
from sync.pipeline.run import Run

LONGEST_WAIT = 2.0
"""Seconds after a batch's first page arrived: then it is worked with what there is."""
BATCH_BYTES = 32 * 1024 * 1024
"""Wide rows are worked fewer at once: a batch takes several times the bytes of its rows."""
MOST_PORTIONS = 10
"""Portions of BRIDGE_BATCH_ROWS that a batch reads where the mirror holds nearly all of their rows."""
FIRST_ROWS = 5_000
"""Of a first load's first batch; the next ones take as many as came before, up to BRIDGE_BATCH_ROWS."""
WORTH_IT = 4
"""A batch with a quarter of these rows or bytes still to be worked is worth its stages and its commit."""


def fetch(batch: Batch) -> Batch:
    """Fill an empty batch with the next pages of its run. Waits for the far end; raises its errors."""
    until: float | None = None
    for _ in range(MOST_PORTIONS):
        batch = _with(batch, pages := _collect(batch, until))
        if not pages or pages[-1].page.next is None or _ends_gap(batch, pages[-1]):
            break
        if _is_worth_it(batch):
            break
        until = until or time.monotonic() + LONGEST_WAIT
    if not batch.pages:
        raise FatalError(
            f"{batch.registered.path}: the client ended its pages without a last one.", code="no_last_page"
        )
    return _unchanged(batch, len(batch.known) // HASH_BYTES).counting(rows_fetched=_fetched(batch))


def settled(batch: Batch) -> Batch:
    """The batch without those rows too of which the memo knows only now; where it is being read, this waits."""
    if not batch.early:
        return batch
    assert batch.run is not None
    known = batch.run.memo.knows(b"".join(batch.raw_hashes))
    if not known.any():
        return replace(batch, early=False)
    new = _without(batch, known)
    whole = replace(new, early=False, known=batch.known + new.known, frame=_numbered(len(new.raw)))
    return _unchanged(whole, int(known.sum()))


def _unchanged(batch: Batch, rows: int) -> Batch:
    # They have passed these stages before: the same bytes by the same rules, else the memo would not know them.
    return batch.counting(skipped=rows, normalized=rows, validated=rows, mapped=rows)


def _with(batch: Batch, pages: Sequence[Numbered]) -> Batch:
    """The batch with those rows of more pages that the mirror does not hold."""
    if not pages:
        return batch
    more = _new_rows(batch, pages)
    asked_at = min(numbered.page.asked_at for numbered in pages)
    return replace(
        batch,
        raw=[*batch.raw, *more.raw],
        raw_hashes=[*batch.raw_hashes, *more.raw_hashes],
        asked_at=[*batch.asked_at, *more.asked_at],
        known=batch.known + more.known,
        early=batch.early or more.early,
        known_at=min(asked_at, batch.known_at or asked_at),
        frame=_numbered(len(batch.raw) + len(more.raw)),
        pages=(*batch.pages, *map(_note, pages)),
        last=pages[-1].last,
    )


def _new_rows(batch: Batch, pages: Sequence[Numbered]) -> Batch:
    run = batch.run
    assert run is not None
    rows: list[bytes] = []
    asked_at: list[datetime] = []
    for numbered in pages:
        rows.extend(numbered.page.rows)
        asked_at.extend([numbered.page.asked_at] * len(numbered.page.rows))
    hashes = [xxhash.xxh3_128_digest(row, run.seed) for row in rows]
    bare = Batch(registered=batch.registered, run=run, mapping=batch.mapping)
    whole = replace(bare, raw=rows, raw_hashes=hashes, asked_at=asked_at, frame=_numbered(len(rows)))
    if not run.memo.pays(len(rows)):
        return _without(whole, held(whole))
    whole = replace(whole, early=not run.memo.complete)
    return _without(whole, run.memo.knows(b"".join(hashes), early=True))


def _note(numbered: Numbered) -> PageNote:
    page = numbered.page
    return PageNote(no=numbered.no, rows=len(page.rows), next=page.next, total=page.total, steady=page.steady)


def _without(batch: Batch, known: npt.NDArray[np.bool_]) -> Batch:
    if not known.any():
        return batch
    new = np.flatnonzero(~known).tolist()  # mostly few: it takes no look at each row
    return replace(
        batch,
        raw=[batch.raw[row] for row in new],
        raw_hashes=[batch.raw_hashes[row] for row in new],
        asked_at=[batch.asked_at[row] for row in new],
        known=numbers(b"".join(batch.raw_hashes))[known].tobytes(),
    )


def _numbered(rows: int) -> pl.DataFrame:
    return pl.select(pl.int_range(rows, dtype=pl.UInt32).alias("_row"))


def _fetched(batch: Batch) -> int:
    return len(batch.raw) + len(batch.known) // HASH_BYTES


def _collect(batch: Batch, until: float | None) -> list[Numbered]:
    """A portion of pages; after `until` what there is, and no error: that is told when it is asked for again."""
    run = batch.run
    assert run is not None
    pages: list[Numbered] = []
    rows = size = 0
    before = run.totals.get("rows_fetched", 0) + _fetched(batch)
    most = _most_rows(run)
    while rows < most and size < BATCH_BYTES and (numbered := _take(run, until)):
        if run.first_load and numbered.last and rows >= FIRST_ROWS:
            _stream(run).give_back(numbered)
            break  # the last batch is committed alone: let it be a small one
        pages.append(numbered)
        rows += len(numbered.page.rows)
        size += numbered.size
        run.claim.progress(rows=before + rows, total=numbered.page.total)
        until = until or time.monotonic() + LONGEST_WAIT
        if numbered.page.next is None or _ends_gap(batch, numbered):
            break  # the end of a gap: what follows was committed before
    return pages


def _most_rows(run: Run) -> int:
    """The rows of a portion. A first load begins with small ones: else all writers wait for the first to be read."""
    most: int = settings.BRIDGE_BATCH_ROWS
    return min(most, max(FIRST_ROWS, _stream(run).taken)) if run.first_load else most


def _stream(run: Run) -> PageStream:
    assert run.stream is not None
    return run.stream


def _is_worth_it(batch: Batch) -> bool:
    assert batch.run is not None
    if batch.run.first_load:
        return True
    few = len(batch.raw) < settings.BRIDGE_BATCH_ROWS // WORTH_IT
    return not few or sum(map(len, batch.raw)) >= BATCH_BYTES // WORTH_IT


def _ends_gap(batch: Batch, numbered: Numbered) -> bool:
    assert batch.run is not None
    return any(segment.stop == numbered.no + 1 for segment in batch.run.segments)


def _take(run: Run, until: float | None) -> Numbered | None:
    while True:
        if run.claim.stopping.is_set():
            raise Interrupted
        wait = 0.5 if until is None else min(0.5, until - time.monotonic())
        if wait <= 0:
            return None
        try:
            return _stream(run).take(timeout=wait)
        except queue.Empty:
            continue
        except Exception:
            if until is None:
                raise
            return None  # the pages before it are committed first; the stream then tells it again
