"""Stage 8, ingest: rows into the mirror, and what could not land into failed records and pending children.

Always in this order, so that writers never deadlock: records sorted by key, failures, children, closings.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
from django.db import connection

from sync.jobs.enqueue import enqueue
from sync.pipeline import asides
from sync.pipeline.batch import Batch
from sync.pipeline.closing import close_mended, good_rows
from sync.pipeline.discards import mark_discarded, note_discarded
from sync.pipeline.narrow import write_narrowed
from sync.pipeline.parking import park_children
from sync.queries import query
from sync.registry import registry


def ingest(batch: Batch) -> Batch:
    """Write the batch's rows. Runs in the batch's transaction; a row that the database refuses is set aside."""
    with connection.cursor() as cursor:
        cursor.execute(query("next_batch_id"))
        number = cursor.fetchone()
        assert number
        batch = replace(batch, id=number[0])
        batch = _note_failures(cursor, write_narrowed(cursor, batch))
        failed = len(batch.aside)
        batch = park_children(cursor, batch)
        batch = _count(_note_failures(cursor, batch, after=failed) if len(batch.aside) > failed else batch)
        freed = note_discarded(cursor, batch) | close_mended(cursor, batch)
        batch = replace(batch, freed=frozenset(freed))
        _confirm(cursor, batch)
    _defer_wake(batch)
    return batch


def _note_failures(cursor: Any, batch: Batch, *, after: int = 0) -> Batch:
    """Note those set aside after so many; the batch, knowing which of all are discarded ones."""
    batch = mark_discarded(cursor, batch)
    if batch.run and batch.run.replayed is None:  # a replay writes its failures to their own rows
        asides.note_failures(cursor, replace(batch, aside=batch.aside[after:]))
    return batch


def _count(batch: Batch) -> Batch:
    ops = batch.landed["op"]
    by_op = {op: int((ops == op).sum()) for op in ("insert", "update", "touch")}
    unwritten = batch.frame.height - batch.landed.height
    return batch.counting(
        inserted=by_op["insert"],
        updated=by_op["update"],
        touched=by_op["touch"],
        skipped=by_op["touch"] + unwritten + len(batch.discarded),
        discarded=len(batch.discarded),
        failed=len(batch.failed),
    )


def _defer_wake(batch: Batch) -> None:
    # A child's check and its parent's commit can miss each other: of two commits the later one's wake sees both.
    assert batch.run is not None
    path = batch.registered.path
    origin = f"job:{batch.run.claim.job_id}"
    if batch.parked is not None and batch.parked.height:
        enqueue("wake", entity=batch.registered, params={"as": "child"}, requested_by=origin)
    if (batch.landed["op"] != "touch").any() and registry.children(registry.find(path)):
        enqueue("wake", entity=batch.registered, params={"as": "parent"}, requested_by=origin)


def _confirm(cursor: Any, batch: Batch) -> None:
    # A by-key read that wrote nothing still proves the record's age; without this it would be refreshed for ever.
    run = batch.run
    assert run is not None
    if run.told:
        _confirm_told(cursor, batch)
    if run.by_key and not batch.landed.height:
        # Not of a row that failed or waits: what the mirror holds is older than that.
        proven = [(key, asked_at) for key, _version, asked_at in good_rows(batch)]
        # Of one that was discarded: somebody wants what the mirror holds, not what the far end sends.
        gone = [
            aside.row
            for aside in batch.aside
            if aside.row in batch.discarded and aside.key_hash == run.by_key
        ]
        proven += [(run.by_key, batch.asked_at[row]) for row in gone]
        if batch.known_at is not None:
            proven.append((run.by_key, batch.known_at))
        for key, asked_at in proven:
            given = {"key_hash": key, "asked_at": asked_at}
            cursor.execute(query("confirm_record", leaf=run.leaf), given)
    if run.by_key and batch.good is not None and run.by_key.bytes not in batch.good["_key_hash"]:
        # The far end answered with a record of another key (it may not tell `a` from `A`): this one it has not.
        given = {"key_hash": run.by_key, "entity_id": run.entity_id, "checked_at": batch.asked_at[0]}
        cursor.execute(query("note_absent"), given)


def _confirm_told(cursor: Any, batch: Batch) -> None:
    assert batch.run is not None
    if batch.good is None or not batch.good.height:
        return
    good = batch.good.sort("_key_hash")  # as records are always locked
    given: dict[str, Any] = {
        "keys": [key.hex() for key in good["_key_hash"]],
        "versions": good["_version"].to_list(),
        "hashes": good["_data_hash"].to_list(),
        "moments": good["_synced_at"].to_list(),
    }
    cursor.execute(query("confirm_told", leaf=batch.run.leaf), given)


def live_delta(batch: Batch) -> int:
    """By how much the number of live records grew: inserts, and deleted ones that came back."""
    ops = batch.landed["op"]
    inserted = int((ops == "insert").sum())
    gone = (
        batch.frame.filter(pl.col("_op") == "revive")["_key_hash"].bin.encode("hex")
        if batch.frame.height
        else None
    )
    if gone is None or not len(gone):
        return inserted
    return (
        inserted + batch.landed.filter((ops == "update") & batch.landed["key"].is_in(gone.implode())).height
    )
