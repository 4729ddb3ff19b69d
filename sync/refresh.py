"""A refresh: one record, asked for by its key; it overtakes batch work."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import xxhash
from django.db import connection, transaction

from sync import records
from sync.detained import detained
from sync.errors import ConfigError
from sync.keys import key_hash
from sync.queries import query

if TYPE_CHECKING:
    from sync.jobs.claim import Claim
    from sync.sources import Page


NOT_READ_BY_KEY = "not_read_by_key"
"""The code with which a client says that its far end has no reads by key."""


def run_refresh(claim: Claim) -> None:
    """Read the job's one record and commit it, or note that the far end has none. Raises the far end's errors."""
    assert claim.entity is not None, "a refresh is always of an entity"
    asked_at = datetime.now(UTC)
    try:
        page = claim.entity.system.client().one(claim.entity.entity.source, claim.params["key"])
    except ConfigError as error:
        if error.code != NOT_READ_BY_KEY:
            raise
        _read_changes(claim, asked_at)
        return
    if page is None or not page.rows:
        _note_absent(claim, page.asked_at if page else asked_at)
    else:
        _commit(claim, page)


def _read_changes(claim: Claim, asked_at: datetime) -> None:
    """What a far end without reads by key can do: one incremental read, by this very job."""
    from sync.pipeline.runner import run_sync

    assert claim.entity is not None
    number = key_hash(claim.entity, claim.params["key"])
    run_sync(claim)
    held = detained(claim.entity, number)
    came = held is not None and (held.why != "discarded" or held.seen_at >= asked_at)
    if records.read_hash(claim.entity, number) is None and not came:
        with transaction.atomic():
            _remember_absent(claim, number, asked_at)


def _commit(claim: Claim, page: Page) -> None:
    # Imported here: polars is for the processes that read pages.
    import polars as pl

    from sync.pipeline.batch import Batch, PageNote
    from sync.pipeline.run import bare_run
    from sync.pipeline.runner import commit, work

    assert claim.entity is not None
    run = bare_run(claim, claim.entity)
    run.by_key = key_hash(claim.entity, claim.params["key"])
    row = page.rows[0]
    raw_hash = xxhash.xxh3_128_digest(row, run.seed)
    batch = Batch(
        registered=run.registered,
        run=run,
        mapping=run.mapping,
        last=True,
        pages=(PageNote(no=1, rows=1, next=None),),
    ).counting(rows_fetched=1)
    if _holds(run.leaf, run.by_key, raw_hash):  # so a mended record does not fail again
        batch = replace(batch, known=raw_hash, known_at=page.asked_at).counting(skipped=1)
    else:
        frame = pl.DataFrame({"_row": pl.Series([0], dtype=pl.UInt32)})
        batch = replace(batch, raw=[row], raw_hashes=[raw_hash], asked_at=[page.asked_at], frame=frame)
    commit(work(batch))


def _holds(leaf: str, number: uuid.UUID, raw_hash: bytes) -> bool:
    with connection.cursor() as cursor:
        given = {"key_hash": number, "raw_hash": uuid.UUID(bytes=raw_hash)}
        cursor.execute(query("holds_bytes", leaf=leaf), given)
        found = cursor.fetchone()
    return bool(found and found[0])


def _note_absent(claim: Claim, asked_at: datetime) -> None:
    assert claim.entity is not None
    with transaction.atomic():
        claim.hold()
        claim.finish({"found": False})
        _remember_absent(claim, key_hash(claim.entity, claim.params["key"]), asked_at)


def _remember_absent(claim: Claim, number: uuid.UUID, asked_at: datetime) -> None:
    given = {"key_hash": number, "entity_id": claim.entity_id, "checked_at": asked_at}
    payload = json.dumps({"e": claim.entity_id, "k": [number.hex]}, separators=(",", ":"))
    with connection.cursor() as cursor:
        cursor.execute(query("note_absent"), given)
        cursor.execute("SELECT pg_notify('bridge_changed', %s)", (payload,))
