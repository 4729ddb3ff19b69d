"""A dry run: pages are read and worked as by a sync, and compared with the mirror in transactions that only read.

Rows of earlier pages count as written for those of later ones. What only writing brings to light (a row that the
database itself refuses, another sync at the same time) is not foreseen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl
from django.db import connection, transaction

from sync import drift
from sync.errors import ConfigError, InvalidRequest
from sync.jobs.claim import Claim, Interrupted, Live, tried
from sync.pipeline.batch import Batch
from sync.pipeline.delta import delta
from sync.pipeline.dryrun.deliveries import Deliveries
from sync.pipeline.dryrun.missing import deletes_of
from sync.pipeline.dryrun.report import Report
from sync.pipeline.fetch import fetch
from sync.pipeline.proof import proof
from sync.pipeline.reading import PageStream
from sync.pipeline.resolve import resolve
from sync.pipeline.run import Run, Segment, open_run
from sync.pipeline.runner import work
from sync.pipeline.stored import STORED
from sync.pipeline.track import next_watermark, seen_in
from sync.start import MOST_PAGES, PAGES
from sync.tape import using

if TYPE_CHECKING:
    from sync.recording.play import Recording
    from sync.registry import Registered


@dataclass(kw_only=True)
class Read:
    """What the pages so far amount to."""

    batches: list[tuple[dict[str, Any], dict[str, int]]] = field(
        default_factory=list
    )  # as `proof` wants them
    seen: list[bytes] = field(default_factory=list)  # hashes of a full read
    complete: bool = False
    stopped: str | None = None  # why a sync would stop here


def run_dry(claim: Claim) -> None:
    """The job: its result is the report."""
    assert claim.entity is not None, "a dry run is always of an entity"
    report = dry_run(claim)
    with transaction.atomic():
        claim.hold()
        claim.finish(report)


def try_sync(
    registered: Registered,
    asked: Mapping[str, Any],
    *,
    pages: int = PAGES,
    recording: Recording | None = None,
) -> dict[str, Any]:
    """The same without a job, at a shell; with the answers of a recording in place of the far end's."""
    params = {**asked, "pages": pages}
    return dry_run(tried("dry_run", registered, params, Live(noted=math.inf)), recording)


def dry_run(claim: Claim, recording: Recording | None = None) -> dict[str, Any]:
    """The report of a dry run, as JSON. Raises the far end's errors and InvalidRequest (bad_recording)."""
    with using(recording):
        run = open_dry(claim)
        if recording is not None:
            _as_recorded(run, recording)
        report, deliveries = Report(run.registered), Deliveries(run)
        read = _read(run, report, deliveries)
    with only_reading():
        told = report.told() | {"deliveries": deliveries.told()}
    return {**_head(run, read, recording), **told, "deletes": deletes_of(run, read.batches, read.seen)}


def open_dry(claim: Claim) -> Run:
    """The run of a dry run: it asks as a sync would, for at most so many pages, and writes nothing."""
    run = open_run(claim)
    run.dry = True
    run.ahead = pl.DataFrame(schema=STORED)
    run.first_load = False  # of an empty table too, rows of earlier pages are compared with
    most = min(claim.params.get("pages") or PAGES, MOST_PAGES)
    run.segments = [Segment(first=1, resume=None, stop=most + 1)]
    return run


def _as_recorded(run: Run, recording: Recording) -> None:
    if recording.entity != run.registered.path:
        message = f"This recording is of {recording.entity}, not of {run.registered.path}."
        raise InvalidRequest(message, code="bad_recording")
    run.since, run.full = recording.since, recording.since is None
    run.page_size, run.began = recording.page_size, recording.began


def _read(run: Run, report: Report, deliveries: Deliveries) -> Read:
    read = Read()
    run.stream = PageStream(run)
    try:
        while not (read.complete or read.stopped):
            if run.claim.stopping.is_set():
                raise Interrupted
            if _one_batch(run, read, report, deliveries):
                break
    finally:
        run.stream.close()
        run.memo.close()
    return read


def _one_batch(run: Run, read: Read, report: Report, deliveries: Deliveries) -> bool:
    """Read, work and compare a batch; whether it is the last one asked for."""
    batch = fetch(Batch(registered=run.registered, run=run, mapping=run.mapping))
    try:
        batch = work(batch)
    except ConfigError as error:
        if error.code != "schema_drift":
            raise
        read.stopped = error.message
        return True
    with only_reading():
        for stage in (delta, resolve):
            batch = stage(batch)
        batch = report.take(batch)
        deliveries.take(batch)
    run.add(batch.counts)
    run.ahead = _ahead(run, batch)
    note = {"first": batch.pages[0].no, "last": batch.pages[-1].no, "next": batch.pages[-1].next}
    read.batches.append(({**note, **proof(batch)}, dict(batch.counts)))
    if run.full:
        read.seen.append(seen_in(batch))
    read.complete = batch.pages[-1].next is None
    return batch.last


@contextmanager
def only_reading() -> Iterator[None]:
    """A transaction in which PostgreSQL itself refuses to write; rolled back."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        yield
        transaction.set_rollback(True)


def _ahead(run: Run, batch: Batch) -> pl.DataFrame:
    """What the mirror would hold by now of the keys that were read."""
    assert run.ahead is not None
    if not batch.frame.height:
        return run.ahead
    written = batch.frame.select(
        "_key_hash",
        pl.col("_version").alias("_stored_version"),
        pl.col("_synced_at").alias("_stored_at"),
        pl.col("_data_hash").alias("_stored_hash"),
        pl.lit(value=False).alias("_deleted"),
        pl.lit(value=True).alias("_own"),
    )
    return pl.concat([run.ahead.join(written, on="_key_hash", how="anti"), written])


def _head(run: Run, read: Read, recording: Recording | None) -> dict[str, Any]:
    recorded = None
    if recording is not None:
        recorded = {"at": recording.began.isoformat(), "redacted": recording.redacted}
    return {
        "dry_run": True,
        "entity": run.registered.path,
        "since": run.since,
        "full": run.full,
        "pages": read.batches[-1][0]["last"] if read.batches else 0,
        "complete": read.complete,
        "stopped": read.stopped,
        "recorded": recorded,
        "watermark": {"now": run.watermark, "then": _watermark(run, read)},
        "drift": drifted(run),
    }


def _watermark(run: Run, read: Read) -> str | None:
    return (next_watermark(run) or run.watermark) if read.complete else run.watermark


def drifted(run: Run) -> list[str]:
    """The source's changes of columns, in words."""
    return [drift.words(column) for column in (run.columns or {}).values() if column.drifts]
