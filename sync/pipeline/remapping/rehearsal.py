"""A rehearsal: a mapping that is not in force is tried on stored rows, all stages, and nothing is kept.

Each stretch of rows has a transaction of its own that is rolled back, so that no lock outlives a moment. What it
found is told after that, when what is stored is as before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from django.db import connection, transaction

from sync.jobs.claim import Interrupted
from sync.mapping.in_force import find, of
from sync.mapping.keeping import Keeper
from sync.members import ROWS_A_COMMIT, chunk
from sync.models import FailedRecord
from sync.pipeline.batch import Batch, SetAside
from sync.pipeline.narrow import write_narrowed
from sync.pipeline.remapping.remap import without_waiting
from sync.pipeline.remapping.report import Report
from sync.pipeline.remapping.stored_rows import Stretch, remade, stretches
from sync.pipeline.repeat import repeated
from sync.pipeline.returning import Ready, prepare, read, through
from sync.pipeline.run import Run, bare_run

if TYPE_CHECKING:
    from sync.jobs.claim import Claim


def run_rehearse(claim: Claim) -> None:
    """Try the job's mapping on current records and open failed ones; the report is the job's result."""
    assert claim.entity is not None, "a rehearsal is always of an entity"
    mapping = find(int(claim.params["mapping"]))
    run = bare_run(claim, claim.entity, of(claim.entity, mapping))
    keeper, sample = Keeper(claim, mapping.pk), claim.params.get("sample")
    report = Report(claim.entity, keeper)
    for stretch in stretches(replace(run, writes="rewrite_records"), sample=sample, every=True):
        _pause(claim, report)
        batch = repeated(partial(_try_records, run, stretch), entity=run.registered.path)
        report.take_records(batch, stretch)
    for ready in _open_failures(run, sample):
        _pause(claim, report)
        batch, refused = repeated(partial(_try_failures, run, ready), entity=run.registered.path)
        report.take_failures(batch, ready.group, refused)
    with transaction.atomic():
        claim.hold()
        keeper.close()
        claim.finish({"mapping": mapping.pk, "no": mapping.no, "sample": sample, **report.told()})


def _pause(claim: Claim, report: Report) -> None:
    if claim.stopping.is_set():
        raise Interrupted
    claim.progress(rows=report.looked_at)


def _try_records(run: Run, stretch: Stretch) -> Batch:
    rewriting = replace(run, writes="rewrite_records")
    batch = remade(rewriting, stretch.rows, 1)
    with transaction.atomic():
        batch = _written(without_waiting(batch))
        transaction.set_rollback(True)
    return batch


def _try_failures(run: Run, ready: Ready) -> tuple[Batch, list[SetAside]]:
    with transaction.atomic():
        batch, refused = through(run, ready, 1, None)
        transaction.set_rollback(True)
    return batch, list(refused.values())


def _written(batch: Batch) -> Batch:
    with connection.cursor() as cursor:
        return write_narrowed(cursor, batch)


def _open_failures(run: Run, sample: int | None) -> Iterator[Ready]:
    """Those that enter at the same stage together, a bearable number at once."""
    rows = FailedRecord.objects.filter(entity_id=run.entity_id, state=FailedRecord.State.OPEN).order_by("id")
    after, left = None, sample
    while ids := chunk(rows, after, ROWS_A_COMMIT if left is None else min(left, ROWS_A_COMMIT)):
        yield from prepare(run, read(ids))
        after, left = ids[-1], None if left is None else left - len(ids)
