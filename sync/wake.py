"""A wake job: children whose parent has come are written, by the same stages as any row.

It runs after the commit that asked for it, so of a child's commit and its parent's the later one's wake sees both.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from sync import schema
from sync.jobs.claim import Interrupted
from sync.orphans import fetch_parents, try_again
from sync.queries import query
from sync.registry import Registered, registry
from sync.waiting_kin import Ripe, landable

if TYPE_CHECKING:
    from sync.jobs.claim import Claim
    from sync.pipeline.batch import Batch

ROWS_A_BATCH = 25_000
MOST_KEYS = 1_000_000
"""Of children looked for at once: some 100 MB."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def run_wake(claim: Claim) -> None:
    """Resolve what waits between the job's entity and its parents, or its children; batch by batch."""
    from sync.pipeline.run import committed_before

    assert claim.entity is not None, "a wake is always of an entity"
    for child, parent in _pairs(claim.entity, claim.params.get("as")):
        while _wake(claim, child, parent):
            continue
    tried = try_again(claim) if claim.params.get("sweep") else {}
    if claim.params.get("as") == "child":
        fetch_parents(claim.entity)
    with transaction.atomic():
        claim.hold()
        counts = Counter(committed_before(claim.job_id)[1])
        counts.update(tried)
        claim.finish(dict(counts))


def _pairs(entity: Registered, role: str | None) -> list[tuple[Registered, Registered]]:
    """Each child with a parent of its; an entity with itself comes last, for rows that waited for another before."""
    if role == "child":
        pairs = [(entity, registry.parent(entity, parent)) for parent in entity.entity.parents]
    else:
        pairs = [(child, entity) for child, _ in registry.children(entity)]
    once = {(child.path, parent.path): (child, parent) for child, parent in pairs}
    return sorted(once.values(), key=lambda pair: pair[0].path == pair[1].path)


def _wake(claim: Claim, child: Registered, parent: Registered) -> bool:
    """Write the children that are ripe now, batch by batch; whether there may be more."""
    from sync.pipeline.repeat import repeated
    from sync.pipeline.run import committed_before

    woken, no = 0, committed_before(claim.job_id)[0]
    kin = child.path == parent.path
    ripe = landable(child, ROWS_A_BATCH) if kin else _ripe_keys(child, parent)
    for keys in ripe.batches:
        if claim.stopping.is_set():
            raise Interrupted
        no += 1
        woken += repeated(partial(_wake_some, claim, child, keys, no, kin=kin), entity=child.path)
        claim.advance()
        claim.progress(rows=woken, total=ripe.total)
    return ripe.cut and woken > 0


def _wake_some(claim: Claim, child: Registered, keys: list[str], no: int, *, kin: bool) -> int:
    from sync.pipeline import COMMITTED

    with transaction.atomic():
        claim.hold()
        rows = _ripe(child, keys, "ripe_kin" if kin else "ripe_children")
        if not rows:
            return 0
        batch = _batch(claim, child, rows, no)
        for stage in COMMITTED:
            batch = stage(batch)
    # Those that wait for another parent now have made a step; of kin only what landed is one.
    return len(rows) - batch.counts.get("pending", 0) if kin else len(rows)


def _ripe_keys(child: Registered, parent: Registered) -> Ripe:
    """Children whose parent is here.

    They are looked for at once: looking for the next ones after each batch would read all that are ripe each time.
    """
    statement = query(
        "ripe_keys",
        leaf=schema.leaf(parent.path),
        parent_id=schema.entity_id(parent.path),
        entity_id=schema.entity_id(child.path),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, {"most": MOST_KEYS})
        keys = [row[0] for row in cursor.fetchall()]
    batches = (keys[start : start + ROWS_A_BATCH] for start in range(0, len(keys), ROWS_A_BATCH))
    return Ripe(batches=batches, total=len(keys), cut=len(keys) >= MOST_KEYS)


def _ripe(child: Registered, keys: list[str], which: str) -> list[tuple[Any, ...]]:
    references = ", ".join(f"p.data->>'{name}'" for name in _references(child))
    statement = query(which, entity_id=schema.entity_id(child.path), references=references)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"keys": "{" + ",".join(keys) + "}"})
        return list(cursor.fetchall())


def _references(child: Registered) -> list[str]:
    return sorted({ours for parent in child.entity.parents for ours in parent.by})


def _batch(claim: Claim, child: Registered, rows: list[tuple[Any, ...]], no: int) -> Batch:
    import polars as pl

    from sync.pipeline.batch import Batch, PageNote
    from sync.pipeline.run import bare_run

    columns = list(zip(*rows, strict=True))
    frame = pl.DataFrame(
        {
            "_row": pl.Series(range(len(rows)), dtype=pl.UInt32),
            "_key_hash": pl.Series(columns[0], dtype=pl.Binary),
            "_version": pl.Series(columns[1], dtype=pl.Int64),
            "_data_hash": pl.Series(columns[4], dtype=pl.Binary),
            "_data": pl.Series(columns[5], dtype=pl.String),
            "_mapping": pl.Series(columns[6], dtype=pl.Int32),
            "_batch_id": pl.Series(columns[7], dtype=pl.Int64),
            "_row_no": pl.Series(columns[8], dtype=pl.Int64),
            **{
                name: pl.Series([texts[place] for texts in columns[9]], dtype=pl.String)
                for place, name in enumerate(_references(child))
            },
        }
    )
    moments = {micros: EPOCH + timedelta(microseconds=micros) for micros in set(columns[2])}
    run = bare_run(claim, child)
    run.woken = frozenset(columns[0])
    return Batch(
        registered=run.registered,
        run=run,
        mapping=run.mapping,
        raw_hashes=columns[3],
        asked_at=[moments[micros] for micros in columns[2]],
        pages=(PageNote(no=no, rows=len(rows), next=None),),
        frame=frame,
        counts={"rows_fetched": len(rows)},
    )
