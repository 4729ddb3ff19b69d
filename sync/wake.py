"""A wake job: children whose parent has come are written, by the same stages as any row.

It runs after the commit that asked for it, so of a child's commit and its parent's the later one's wake sees both.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from sync import schema
from sync.jobs.claim import Interrupted
from sync.orphans import fetch_parents, try_again
from sync.queries import query
from sync.registry import Registered, registry

if TYPE_CHECKING:
    from sync.jobs.claim import Claim
    from sync.pipeline.batch import Batch

ROWS_A_BATCH = 10_000


def run_wake(claim: Claim) -> None:
    """Resolve what waits between the job's entity and its parents, or its children; batch by batch."""
    from sync.pipeline.run import committed_before

    assert claim.entity is not None, "a wake is always of an entity"
    no, _ = committed_before(claim.job_id)
    for child, parent in _pairs(claim.entity, claim.params.get("as")):
        while _wake_some(claim, child, parent, no + 1):
            no += 1
            claim.advance()
            if claim.stopping.is_set():
                raise Interrupted
    tried = try_again(claim) if claim.params.get("sweep") else {}
    if claim.params.get("as") == "child":
        fetch_parents(claim.entity)
    with transaction.atomic():
        claim.hold()
        claim.finish(committed_before(claim.job_id)[1] | tried)


def _pairs(entity: Registered, role: str | None) -> list[tuple[Registered, Registered]]:
    if role == "child":
        return [(entity, registry.parent(entity, parent)) for parent in entity.entity.parents]
    return [(child, entity) for child, _ in registry.children(entity)]


def _wake_some(claim: Claim, child: Registered, parent: Registered, no: int) -> bool:
    """Write one batch of children; False where none is ripe."""
    from sync.pipeline import COMMITTED
    from sync.pipeline.repeat import repeated

    def transact() -> bool:
        with transaction.atomic():
            claim.hold()
            rows = _ripe(child, parent)
            if rows:
                batch = _batch(claim, child, rows, no)
                for stage in COMMITTED:
                    batch = stage(batch)
        return bool(rows)

    return repeated(transact, entity=child.path)


def _ripe(child: Registered, parent: Registered) -> list[tuple[Any, ...]]:
    statement = query(
        "ripe_children",
        leaf=schema.leaf(parent.path),
        parent_id=schema.entity_id(parent.path),
        entity_id=schema.entity_id(child.path),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, {"most": ROWS_A_BATCH})
        return list(cursor.fetchall())


def _batch(claim: Claim, child: Registered, rows: list[tuple[Any, ...]], no: int) -> Batch:
    import polars as pl

    from sync.pipeline.batch import Batch, PageNote
    from sync.pipeline.run import bare_run

    data = [json.loads(row[6]) for row in rows]
    references = sorted({ours for parent in child.entity.parents for ours in parent.by})
    frame = pl.DataFrame(
        {
            "_row": pl.Series(range(len(rows)), dtype=pl.UInt32),
            "_key_hash": pl.Series([row[1].bytes for row in rows], dtype=pl.Binary),
            "_version": pl.Series([row[2] for row in rows], dtype=pl.Int64),
            "_data_hash": pl.Series([bytes(row[5]) for row in rows], dtype=pl.Binary),
            "_data": pl.Series([row[6] for row in rows], dtype=pl.String),
            "_batch_id": pl.Series([row[8] for row in rows], dtype=pl.Int64),
            "_mapping": pl.Series([row[7] for row in rows], dtype=pl.Int32),
            "_row_no": pl.Series([row[9] for row in rows], dtype=pl.Int64),
            **{
                name: pl.Series([_text(values.get(name)) for values in data], dtype=pl.String)
                for name in references
            },
        }
    )
    run = bare_run(claim, child)
    return Batch(
        registered=run.registered,
        run=run,
        mapping=run.mapping,
        raw_hashes=[row[4].bytes for row in rows],
        asked_at=[row[3] for row in rows],
        pages=(PageNote(no=no, rows=len(rows), next=None),),
        frame=frame,
        counts={"rows_fetched": len(rows)},
    )


def _text(value: Any) -> str | None:
    """A served value as canonical text."""
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)
