"""A replay job: failed records enter the pipeline again at the stage that refused them, with their mended input.

Chunk by chunk, each in one commit: the rows through the stages, what became of them into their failed records. While
one chunk is written the next one goes through the pure stages; a record that changes in between is read again.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import connection, connections, transaction
from django.db.models import QuerySet

from sync.ids import uuid7
from sync.jobs.claim import Interrupted
from sync.members import Members, chunk
from sync.models import Batch as BatchRow
from sync.models import FailedRecord
from sync.pipeline.repeat import repeated
from sync.pipeline.replayed import Changed, settle
from sync.pipeline.returning import Ready, prepare, read, through
from sync.pipeline.run import Run, bare_run, committed_before
from sync.pipeline.track import track

if TYPE_CHECKING:
    from sync.jobs.claim import Claim

FEW = 100
"""Records that are not worth a thread and a connection of their own."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a replay is: its last batch, its last record, how many it ran again."""

    no: int = 0
    after: uuid.UUID | None = None
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Chunk:
    """The records of one commit, ready to be written."""

    ids: list[uuid.UUID]
    ready: list[Ready]


def run_replay(claim: Claim) -> None:
    """Run the job's failed records again; what fails again stays open with its new errors."""
    assert claim.entity is not None, "a replay is always of an entity"
    run = bare_run(claim, claim.entity)
    # Of those that failed before it began: what fails while it runs waits for the next one.
    rows = Members.of_params(claim.params).rows(entity=claim.entity.path, until=uuid7())
    place = _reached(claim.job_id)
    left = rows.filter(id__gt=place.after or uuid.UUID(int=0)).count()
    total = place.rows + left
    for ready in _chunks(run, rows, place.after, left):
        if claim.stopping.is_set():
            raise Interrupted
        place = _write(run, ready, place)
        claim.advance()
        claim.progress(rows=place.rows, total=total)
    with transaction.atomic():
        claim.hold()
        claim.finish(committed_before(claim.job_id)[1])


def _chunks(run: Run, rows: QuerySet[FailedRecord], after: uuid.UUID | None, left: int) -> Iterator[Chunk]:
    """The chunks in order, made ready one ahead where there are many records."""
    if left <= FEW:
        while (found := _next(run, rows, after)).ids:
            yield found
            after = found.ids[-1]
        return
    with ThreadPoolExecutor(1, thread_name_prefix="replay") as pool:

        def ahead(behind: uuid.UUID | None) -> Future[Chunk]:
            return pool.submit(copy_context().run, _next, run, rows, behind)

        try:
            coming = ahead(after)
            while (found := coming.result()).ids:
                coming = ahead(found.ids[-1])
                yield found
        finally:
            pool.submit(connections.close_all)


def _next(run: Run, rows: QuerySet[FailedRecord], after: uuid.UUID | None) -> Chunk:
    ids = chunk(rows, after)
    return Chunk(ids, prepare(run, read(ids)) if ids else [])


def _write(run: Run, found: Chunk, place: Place) -> Place:
    path = run.registered.path
    try:
        return repeated(partial(_transact, run, found, place), entity=path)
    except Changed:  # a sync or a person was faster: this time they wait
        return repeated(partial(_transact, run, replace(found, ready=[]), place, lock=True), entity=path)


def _transact(run: Run, found: Chunk, place: Place, *, lock: bool = False) -> Place:
    no = place.no
    with transaction.atomic():
        run.hold()
        for ready in prepare(run, read(found.ids, lock=True)) if lock else found.ready:
            no += 1
            batch, refused = through(run, ready, no, found.ids[-1])
            with connection.cursor() as cursor:
                settle(cursor, run, batch, ready.group, refused)
            track(replace(batch, aside=tuple(refused.values())))
    return Place(no=no, after=found.ids[-1], rows=place.rows + len(found.ids))


def _reached(job_id: uuid.UUID) -> Place:
    """Where an interrupted replay goes on: what failed again stays open, and must not be run in a circle."""
    last = BatchRow.objects.filter(job_id=job_id).defer("seen").order_by("-seq").first()
    if last is None:
        return Place()
    resume: dict[str, Any] = last.resume
    after = (resume.get("next") or {}).get("after")
    rows = committed_before(job_id)[1].get("rows_fetched", 0)
    return Place(no=last.seq, after=uuid.UUID(after) if after else None, rows=rows)
