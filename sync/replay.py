"""A replay job: failed records enter the pipeline again at the stage that refused them, with their mended input.

Chunk by chunk, each in one commit: the rows through the stages, what became of them into their failed records.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from sync.failures import runs_normalized
from sync.jobs.claim import Interrupted
from sync.members import Members, chunk
from sync.models import Batch as BatchRow
from sync.models import FailedRecord
from sync.pipeline import COMMITTED, PURE
from sync.pipeline.batch import Batch, SetAside
from sync.pipeline.reentry import batch_of
from sync.pipeline.repeat import repeated
from sync.pipeline.replayed import settle
from sync.pipeline.run import Run, bare_run, committed_before
from sync.pipeline.runner import passed
from sync.pipeline.track import track

if TYPE_CHECKING:
    from sync.jobs.claim import Claim

NEEDED = (
    *("entity", "key_hash", "stage", "raw", "normalized", "mended", "synced_at"),
    *("code", "attempts", "fingerprint", "mapping"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """How far a replay is: its last batch, its last record, how many it ran again."""

    no: int = 0
    after: uuid.UUID | None = None
    rows: int = 0


def run_replay(claim: Claim) -> None:
    """Run the job's failed records again; what fails again stays open with its new errors."""
    assert claim.entity is not None, "a replay is always of an entity"
    run = bare_run(claim, claim.entity)
    # Of those that failed before it was asked for: what fails while it runs waits for the next one.
    rows = Members.of_params(claim.params).rows(entity=claim.entity.path, until=claim.job_id)
    place = _reached(claim.job_id)
    total = place.rows + rows.filter(id__gt=place.after or uuid.UUID(int=0)).count()
    while ids := chunk(rows, place.after):
        if claim.stopping.is_set():
            raise Interrupted
        place = repeated(partial(_replay, run, ids, place), entity=run.registered.path)
        claim.advance()
        claim.progress(rows=place.rows, total=total)
    with transaction.atomic():
        claim.hold()
        claim.finish(committed_before(claim.job_id)[1])


def open_rows(ids: list[uuid.UUID]) -> list[FailedRecord]:
    """Those of them that are still open, locked: a sync may bring other bytes, and a person mend them, until then."""
    rows = FailedRecord.objects.select_for_update(of=("self",)).filter(
        id__in=ids, state=FailedRecord.State.OPEN
    )
    return list(rows.only(*NEEDED).order_by("id"))


def by_way(run: Run, found: list[FailedRecord]) -> list[list[FailedRecord]]:
    """The records that enter at normalize, and those that were read already."""
    read = [failed for failed in found if runs_normalized(failed, run.mapping)]
    unread = [failed for failed in found if not runs_normalized(failed, run.mapping)]
    return [group for group in (unread, read) if group]


def through(
    run: Run, group: list[FailedRecord], no: int, after: uuid.UUID | None
) -> tuple[Batch, dict[int, SetAside]]:
    """The records' rows through all stages but the last, and those that were refused again."""
    batch = batch_of(run, group, no, after)
    for stage in PURE[1:] if runs_normalized(group[0], run.mapping) else PURE:
        if batch.frame.height:
            batch = passed(stage, stage(batch))
    refused = batch.aside
    # Lineage and failures keep the bytes the source sent, not the mended ones.
    batch = replace(batch, raw=[bytes(failed.raw) for failed in group], aside=())
    batch = batch.counting(failed=len(refused))
    run.replayed = frozenset(failed.key_hash.bytes for failed in group if failed.key_hash)
    for stage in COMMITTED[:-1]:
        batch = stage(batch)
    return batch, {aside.row: aside for aside in (*refused, *batch.aside)}


def _replay(run: Run, ids: list[uuid.UUID], place: Place) -> Place:
    no = place.no
    with transaction.atomic():
        run.hold()
        for group in by_way(run, open_rows(ids)):
            no += 1
            batch, refused = through(run, group, no, ids[-1])
            with connection.cursor() as cursor:
                settle(cursor, run, batch, group, refused)
            track(replace(batch, aside=tuple(refused.values())))
    return Place(no=no, after=ids[-1], rows=place.rows + len(ids))


def _reached(job_id: uuid.UUID) -> Place:
    """Where an interrupted replay goes on: what failed again stays open, and must not be run in a circle."""
    last = BatchRow.objects.filter(job_id=job_id).defer("seen").order_by("-seq").first()
    if last is None:
        return Place()
    resume: dict[str, Any] = last.resume
    after = (resume.get("next") or {}).get("after")
    rows = committed_before(job_id)[1].get("rows_fetched", 0)
    return Place(no=last.seq, after=uuid.UUID(after) if after else None, rows=rows)
