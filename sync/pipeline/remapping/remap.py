"""A remap job: records are made anew from the rows they came with, under the mapping in force.

A crash repeats nothing: what was made anew carries the mapping's number already.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import xxhash
from django.db import connection, transaction

from sync.jobs.claim import Interrupted
from sync.pipeline.batch import Batch
from sync.pipeline.ingest import ingest
from sync.pipeline.remapping.stored_rows import Stored, Stretch, remade, stretches
from sync.pipeline.repeat import repeated
from sync.pipeline.resolve import resolve
from sync.pipeline.run import Run, bare_run, committed_before
from sync.pipeline.track import track
from sync.queries import query

if TYPE_CHECKING:
    from sync.jobs.claim import Claim


def run_remap(claim: Claim) -> None:
    """Make the records of the job's entity anew; what cannot be is counted, and waits for the next full sync.

    `not_kept`: the bytes are gone; `mended_by_hand`: a person's mend holds; `pending`: the parent is missing.
    """
    assert claim.entity is not None, "a remap is always of an entity"
    run = replace(bare_run(claim, claim.entity), writes="rewrite_records")
    no, _ = committed_before(claim.job_id)
    left = {"not_kept": 0, "mended_by_hand": 0}
    for stretch in stretches(run):
        if claim.stopping.is_set():
            raise Interrupted
        no += 1
        repeated(partial(_remap, run, stretch, no), entity=run.registered.path)
        left["not_kept"] += stretch.not_kept
        left["mended_by_hand"] += len(stretch.mended)
        claim.advance()
        claim.progress(batches=no)
    with transaction.atomic():
        run.hold()  # whoever switches another mapping on now finds this job ended, and may ask for one of their own
        claim.finish({**committed_before(claim.job_id)[1], **left, "mapping": run.mapping})


def without_waiting(batch: Batch) -> Batch:
    """The batch without rows whose parent is missing: the record that is there stays as it is until it comes."""
    return replace(resolve(batch), parked=None)


def _remap(run: Run, stretch: Stretch, no: int) -> None:
    batch = remade(run, stretch.rows, no)
    with transaction.atomic():
        run.hold()
        for stage in (without_waiting, ingest, track):
            batch = stage(batch)
        _keep_mended(run, stretch.mended)


def _keep_mended(run: Run, rows: Sequence[Stored]) -> None:
    if not rows:
        return
    hashes = [uuid.UUID(bytes=xxhash.xxh3_128_digest(row.raw, run.seed)) for row in rows]
    given: dict[str, Any] = {
        "keys": [row.key_hash for row in rows],
        "hashes": hashes,
        "batches": [row.batch_id for row in rows],
        "rows": [row.row_no for row in rows],
    }
    with connection.cursor() as cursor:
        cursor.execute(query("note_bytes", leaf=run.leaf), given)
