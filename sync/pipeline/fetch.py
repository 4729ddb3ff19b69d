"""Stage 1, fetch: pages joined into a batch; rows whose bytes the mirror holds go no further."""

from __future__ import annotations

import queue
import time
from dataclasses import replace
from datetime import datetime
from itertools import compress

import numpy as np
import numpy.typing as npt
import polars as pl
import xxhash
from django.conf import settings

from sync.errors import FatalError
from sync.jobs.claim import Interrupted
from sync.pipeline.batch import Batch, PageNote
from sync.pipeline.held import held
from sync.pipeline.reading import Numbered
from sync.pipeline.run import Run

LONGEST_WAIT = 2.0
"""Seconds after a batch's first page arrived: then it is worked with what there is."""


def fetch(batch: Batch) -> Batch:
    """Fill an empty batch with the next pages of its run. Waits for the far end; raises its errors."""
    run = batch.run
    assert run is not None
    pages = _collect(run)
    if not pages:
        raise FatalError(
            f"{batch.registered.path}: the client ended its pages without a last one.", code="no_last_page"
        )
    rows: list[bytes] = []
    asked_at: list[datetime] = []
    for numbered in pages:
        rows.extend(numbered.page.rows)
        asked_at.extend([numbered.page.asked_at] * len(numbered.page.rows))
    hashes = [xxhash.xxh3_128_digest(row, run.seed) for row in rows]
    whole = replace(batch, raw=rows, raw_hashes=hashes, asked_at=asked_at, frame=_numbered(len(rows)))
    known = run.memo.knows(hashes) if run.memo.pays(len(rows)) else held(whole)
    filled = replace(
        _without(whole, known),
        known_at=min(numbered.page.asked_at for numbered in pages),
        pages=tuple(
            PageNote(
                no=n.no,
                rows=len(n.page.rows),
                next=n.page.next,
                total=n.page.total,
                steady=n.page.steady,
            )
            for n in pages
        ),
        last=pages[-1].last,
    )
    unchanged = len(filled.known)
    # They have passed these stages before: the same bytes by the same rules, else the memo would not know them.
    valid = {"normalized": unchanged, "validated": unchanged, "mapped": unchanged}
    return filled.counting(rows_fetched=len(rows), skipped=unchanged, **valid)


def _without(batch: Batch, known: npt.NDArray[np.bool_]) -> Batch:
    if not known.any():
        return batch
    new = (~known).tolist()
    raw = list(compress(batch.raw, new))
    return replace(
        batch,
        raw=raw,
        raw_hashes=list(compress(batch.raw_hashes, new)),
        asked_at=list(compress(batch.asked_at, new)),
        known=list(compress(batch.raw_hashes, known.tolist())),
        frame=_numbered(len(raw)),
    )


def _numbered(rows: int) -> pl.DataFrame:
    return pl.select(pl.int_range(rows, dtype=pl.UInt32).alias("_row"))


def _collect(run: Run) -> list[Numbered]:
    pages: list[Numbered] = []
    rows = 0
    until: float | None = None
    while rows < settings.BRIDGE_BATCH_ROWS and not (pages and pages[-1].last):
        if pages and pages[-1].page.next is None:
            break  # the end of a gap: what follows was committed before
        numbered = _take(run, until)
        if numbered is None:
            break
        pages.append(numbered)
        rows += len(numbered.page.rows)
        run.claim.progress(rows=run.totals.get("rows_fetched", 0) + rows, total=numbered.page.total)
        until = until or time.monotonic() + LONGEST_WAIT
        if _ends_gap(run, numbered):
            break
    return pages


def _ends_gap(run: Run, numbered: Numbered) -> bool:
    return any(segment.stop == numbered.no + 1 for segment in run.segments)


def _take(run: Run, until: float | None) -> Numbered | None:
    assert run.stream is not None
    while True:
        if run.claim.stopping.is_set():
            raise Interrupted
        wait = 0.5 if until is None else min(0.5, until - time.monotonic())
        if wait <= 0:
            return None
        try:
            return run.stream.take(timeout=wait)
        except queue.Empty:
            continue
        except Exception:
            if until is None:
                raise
            return None  # the pages before it are committed first; the stream then tells it again
