"""Runs a sync job: batch by batch through the nine stages, stages 6 to 9 of each in one transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog
from django.db import transaction

from sync import metrics
from sync.pipeline import COMMITTED, PURE, Stage
from sync.pipeline.batch import Batch
from sync.pipeline.columns import observe
from sync.pipeline.fetch import fetch, settled
from sync.pipeline.loading import ListIndex
from sync.pipeline.reading import PageStream
from sync.pipeline.repeat import repeated
from sync.pipeline.run import Run, highest, open_run
from sync.pipeline.writing import Writers

if TYPE_CHECKING:
    from sync.jobs.claim import Claim

log = structlog.get_logger(__name__)

_PASSED = {"normalize": "normalized", "validate": "validated", "apply_mapping": "mapped"}


def run_sync(claim: Claim) -> None:
    """Read an entity from where the job stands to its end. Raises the far end's errors and Interrupted."""
    read(open_run(claim))


def read(run: Run) -> None:
    """Read what a run has still to read, and commit it. Raises the far end's errors and Interrupted."""
    index = ListIndex(run)
    index.mend()
    run.memo.begin()
    run.stream = PageStream(run)
    try:
        with Writers(commit, work) as writers:
            for batch in _batches(run):
                if batch.last:
                    # It completes the run, so all others must have committed before it begins.
                    writers.finish(batch)
                else:
                    index.without()
                    writers.put(batch)
    finally:
        run.stream.close()
        run.memo.close()
    index.build()


def work(batch: Batch) -> Batch:
    """The pure stages, normalize to identity, for rows that are there."""
    batch = settled(batch)
    if not batch.frame.height:
        return batch
    for stage in PURE:
        batch = _timed(stage, batch)
        batch = passed(stage, batch)
    high = highest(batch.registered, batch.frame)
    if batch.run is not None:
        batch.run.see(high)
    return observe(replace(batch, high=high))


def passed(stage: Stage, batch: Batch) -> Batch:
    """The batch with the rows counted that a pure stage found nothing wrong with."""
    counter = _PASSED.get(stage.__name__)
    return batch.counting(**{counter: batch.frame.height - len(batch.faults)}) if counter else batch


def commit(batch: Batch, within: Callable[[Batch], None] | None = None) -> Batch:
    """Stages 6 to 9 in one transaction, repeated where the database lost it to another writer.

    `within` is called at its end, with the batch as it was written.
    """
    return repeated(lambda: _commit_once(batch, within), entity=batch.registered.path)


def _commit_once(batch: Batch, within: Callable[[Batch], None] | None) -> Batch:
    run = batch.run
    assert run is not None
    with transaction.atomic():
        run.hold()
        for stage in COMMITTED:
            batch = _timed(stage, batch)
        if within is not None:
            within(batch)
        # Before the commit, so that whoever sees its rows knows whose they are.
        run.duplicates.batches.add(batch.id)
    _committed(run, batch)
    return batch


def _committed(run: Run, batch: Batch) -> None:
    run.add(batch.counts)
    run.claim.advance()
    counts = dict(batch.counts)
    for stage, number in counts.items():
        metrics.rows_processed.labels(entity=run.registered.path, stage=stage).inc(number)
    log.info(
        "batch_committed",
        batch_id=batch.id,
        entity=run.registered.path,
        metrics=counts,
        stage_ms=dict(batch.stage_ms),
    )


def _batches(run: Run) -> Iterator[Batch]:
    while True:
        batch = _timed(fetch, Batch(registered=run.registered, run=run, mapping=run.mapping))
        yield batch
        if batch.last:
            return


def _timed(stage: Stage, batch: Batch) -> Batch:
    began = time.perf_counter()
    batch = stage(batch)
    took = {**batch.stage_ms, stage.__name__: round((time.perf_counter() - began) * 1000)}
    return replace(batch, stage_ms=took)
