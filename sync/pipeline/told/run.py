"""A webhook job: what far ends told of an entity, worked off until nothing waits.

One job an entity, however many deliveries come: those that wait go through the stages as one batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl
import xxhash
from django.db import connection, transaction

from sync.errors import InvalidRequest
from sync.jobs.claim import Interrupted
from sync.models import Inbound
from sync.pipeline.batch import Batch, PageNote
from sync.pipeline.run import Run, bare_run, committed_before
from sync.pipeline.runner import commit, work
from sync.pipeline.told.deletes import delete
from sync.pipeline.told.outcomes import outcomes, settle
from sync.queries import query
from sync.webhooks.reading import Told, ToldRow, read

if TYPE_CHECKING:
    from uuid import UUID

    from sync.jobs.claim import Claim

AT_ONCE = 200
"""Deliveries a batch: of the largest bodies, 50 MB."""


@dataclass(kw_only=True)
class Taken:
    """Deliveries that are worked together."""

    told: dict[UUID, Told] = field(default_factory=dict)
    refused: dict[UUID, dict[str, Any]] = field(default_factory=dict)  # not as declared any more

    @property
    def rows(self) -> list[tuple[UUID, ToldRow]]:
        """All rows, each with its delivery."""
        return [(of, row) for of, told in self.told.items() for row in told.rows]


def run_webhook(claim: Claim) -> None:
    """Work off what waits; the job ends when nothing does, and nobody is bringing more."""
    assert claim.entity is not None, "a webhook is always of an entity"
    run = bare_run(claim, claim.entity)
    run.told = True
    no, _ = committed_before(claim.job_id)
    while True:
        while waiting := _waiting(run):
            if claim.stopping.is_set():
                raise Interrupted
            no = _work_off(run, _taken(run, waiting), no)
        if _ended(run):
            return


def _waiting(run: Run) -> list[Inbound]:
    rows = Inbound.objects.filter(entity_id=run.entity_id, state=Inbound.State.WAITING)
    return list(rows.order_by("id")[:AT_ONCE])


def _ended(run: Run) -> bool:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(query("end_webhooks"), {"entity_id": run.entity_id})
        if _waiting(run):
            return False
        run.hold()
        run.claim.finish(committed_before(run.claim.job_id)[1])
    return True


def _taken(run: Run, waiting: Sequence[Inbound]) -> Taken:
    taken = Taken()
    for one in waiting:
        try:
            body = bytes(one.body or b"")
            taken.told[one.id] = read(run.registered, body, sent_at=one.sent_at, received_at=one.received_at)
        except InvalidRequest as error:  # the declaration changed since it came in
            taken.refused[one.id] = {"error": error.message}
    return taken


def _work_off(run: Run, taken: Taken, no: int) -> int:
    """Rows, then deletes, a transaction each: which of two is newer does not hang on their order."""
    deletes = [(of, one) for of, told in taken.told.items() for one in told.deletes]
    results: dict[UUID, dict[str, Any]] = dict(taken.refused)
    if rows := taken.rows:
        no += 1
        worked = work(_batch(run, [row for _, row in rows], no))
        owners = [of for of, _ in rows]
        # Where deletes follow, their commit settles the deliveries: a crash in between repeats the rows only.
        done = commit(worked, None if deletes else partial(_settle_rows, run, taken, owners, worked))
        results |= outcomes(worked, done, owners)
    if deletes:
        no += 1
        delete(run, deletes, no, taken.told, results)
    elif not rows:
        with transaction.atomic():
            run.hold()
            settle(run, taken.told, results)
    return no


def _settle_rows(run: Run, taken: Taken, owners: Sequence[UUID], worked: Batch, done: Batch) -> None:
    settle(run, taken.told, taken.refused | outcomes(worked, done, owners))


def _batch(run: Run, rows: Sequence[ToldRow], no: int) -> Batch:
    return Batch(
        registered=run.registered,
        run=run,
        mapping=run.mapping,
        raw=[row.raw for row in rows],
        raw_hashes=[xxhash.xxh3_128_digest(row.raw, run.seed) for row in rows],
        asked_at=[row.at for row in rows],
        pages=(PageNote(no=no, rows=len(rows), next=None),),
        frame=pl.DataFrame({"_row": pl.Series(range(len(rows)), dtype=pl.UInt32)}),
        counts={"rows_fetched": len(rows)},
    )
