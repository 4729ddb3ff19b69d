"""Deletes that a far end told of: soft, by version or moment, undone as those of a full read are."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from sync import grouping
from sync.keys import key_hash, key_text
from sync.models import DeleteProposal, Tracker
from sync.pipeline.applying import next_batch, rows_of, track
from sync.pipeline.repeat import repeated
from sync.pipeline.run import Run
from sync.pipeline.told.outcomes import settle
from sync.queries import query
from sync.webhooks.reading import Told, ToldDelete, served_key

SHOWN = 20
Deletes = Sequence[tuple[uuid.UUID, ToldDelete]]
"""Each with the delivery that told of it."""


def delete(
    run: Run,
    deletes: Deletes,
    no: int,
    told: Mapping[uuid.UUID, Told],
    results: Mapping[uuid.UUID, Mapping[str, Any]],
) -> None:
    """Delete, and settle the deliveries, in one transaction. `results` are those of their rows."""
    newest = _newest(run, deletes)

    def transact() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            run.hold()
            gone = _write(cursor, run, newest, no)
            settle(run, told, _with_deletes(run, deletes, gone, results))

    repeated(transact, entity=run.registered.path)


def _newest(run: Run, deletes: Deletes) -> dict[uuid.UUID, ToldDelete]:
    """One a key, in the order in which records are locked."""
    found: dict[uuid.UUID, ToldDelete] = {}
    for _, one in sorted(deletes, key=lambda told: (told[1].version, told[1].at)):
        found[key_hash(run.registered, one.key)] = one
    return dict(sorted(found.items()))


def _write(cursor: Any, run: Run, newest: Mapping[uuid.UUID, ToldDelete], no: int) -> list[uuid.UUID]:
    batch_id = next_batch(cursor)
    now = datetime.now(UTC)
    told = list(newest.values())
    moments = {"keys": list(newest), "moments": [one.at for one in told], "entity_id": run.entity_id}
    given: dict[str, Any] = {
        **moments,
        "versions": [one.version for one in told],
        "datas": [json.dumps(served_key(run.registered, one.key)) for one in told],
        "now": now,
        "batch_id": batch_id,
    }
    cursor.execute(query("delete_told", leaf=run.leaf, entity_id=run.entity_id), given)
    # The first revision of a record is one that was never here.
    gone = [key for key, revision, is_new in cursor.fetchall() if is_new and revision > 1]
    cursor.execute(query("close_deleted"), moments)
    freed = [row[0] for row in cursor.fetchall()]
    cursor.execute(query("unpark_deleted"), moments)
    grouping.close(cursor, freed)
    if gone:
        noted = _undoable(run, [newest[key] for key in gone], now)
        cursor.execute(
            query("note_deleted", leaf=run.leaf, entity_id=run.entity_id),
            {"proposal": noted.id, "keys": gone},
        )
        track(cursor, run.claim, rows_of(noted), "d", len(gone), at=(batch_id, no))
    return gone


def _undoable(run: Run, gone: list[ToldDelete], now: datetime) -> DeleteProposal:
    """What was deleted, where people look for deletes and undo them."""
    limits = run.registered.entity.deletes
    live = Tracker.objects.values_list("live_rows", flat=True).get(entity_id=run.entity_id)
    return DeleteProposal.objects.create(
        job_id=run.claim.job_id,
        entity_id=run.entity_id,
        state=DeleteProposal.State.APPLIED,
        count=len(gone),
        live_rows=live,
        share=round(len(gone) / max(live, len(gone)), 4),
        sample=[key_text(run.registered, served_key(run.registered, one.key)) for one in gone[:SHOWN]],
        read_began_at=max(one.at for one in gone),
        until=now + timedelta(days=limits.keep_days if limits else 0),
        decided_by="webhook",
        decided_at=now,
        reason="The far end told of it.",
        applied_at=now,
        deleted=len(gone),
    )


def _with_deletes(
    run: Run, deletes: Deletes, gone: Sequence[uuid.UUID], results: Mapping[uuid.UUID, Mapping[str, Any]]
) -> dict[uuid.UUID, dict[str, Any]]:
    """A delete of what is gone already, never was here, or is newer here, counts as skipped."""
    found = {of: dict(result) for of, result in results.items()}
    for of, one in deletes:
        word = "deleted" if key_hash(run.registered, one.key) in gone else "skipped"
        counts = found.setdefault(of, {})
        counts[word] = counts.get(word, 0) + 1
    return found
