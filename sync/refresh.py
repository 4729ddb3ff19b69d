"""A refresh: one record, asked for by its key; it overtakes batch work."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import xxhash
from django.db import connection, transaction

from sync.keys import key_hash
from sync.queries import query

if TYPE_CHECKING:
    from sync.jobs.claim import Claim
    from sync.sources import Page


def run_refresh(claim: Claim) -> None:
    """Read the job's one record and commit it, or note that the far end has none. Raises the far end's errors."""
    assert claim.entity is not None, "a refresh is always of an entity"
    asked_at = datetime.now(UTC)
    page = claim.entity.system.client().one(claim.entity.entity.source, claim.params["key"])
    if page is None or not page.rows:
        _note_absent(claim, page.asked_at if page else asked_at)
    else:
        _commit(claim, page)


def _commit(claim: Claim, page: Page) -> None:
    # Imported here: polars is for the processes that read pages.
    import polars as pl

    from sync.pipeline.batch import Batch, PageNote
    from sync.pipeline.run import bare_run
    from sync.pipeline.runner import commit, work

    assert claim.entity is not None
    run = bare_run(claim, claim.entity)
    run.by_key = True
    rows = list(page.rows[:1])
    batch = Batch(
        registered=claim.entity,
        run=run,
        last=True,
        raw=rows,
        raw_hashes=[xxhash.xxh3_128_digest(row, run.seed) for row in rows],
        asked_at=[page.asked_at],
        pages=(PageNote(no=1, rows=1, next=None),),
        frame=pl.DataFrame({"_row": pl.Series([0], dtype=pl.UInt32)}),
        counts={"rows_fetched": 1},
    )
    commit(work(batch))


def _note_absent(claim: Claim, asked_at: datetime) -> None:
    assert claim.entity is not None
    number: uuid.UUID = key_hash(claim.entity, claim.params["key"])
    with transaction.atomic(), connection.cursor() as cursor:
        claim.hold()
        given = {"key_hash": number, "entity_id": claim.entity_id, "checked_at": asked_at}
        cursor.execute(query("note_absent"), given)
        claim.finish({"found": False})
        payload = json.dumps({"e": claim.entity_id, "k": [number.hex]}, separators=(",", ":"))
        cursor.execute("SELECT pg_notify('bridge_changed', %s)", (payload,))
