"""What became of each delivery: counts of its rows, keys and deletes, written when they are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from sync.pipeline.batch import Batch
from sync.pipeline.run import Run
from sync.queries import query
from sync.webhooks.reading import Told

_WORDS = {"insert": "inserted", "update": "updated", "touch": "skipped"}
Results = Mapping[UUID, Mapping[str, Any]]


def outcomes(worked: Batch, done: Batch, owners: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """Per delivery: inserted, updated, skipped (older or the same), pending, failed. `owners` by row."""
    failed = {aside.row for aside in done.failed}
    waiting = set() if done.parked is None else set(done.parked["_row"].to_list())
    keys = dict(worked.frame.select("_row", "_key_hash").iter_rows()) if worked.frame.height else {}
    landed = dict(done.landed.select("key", "op").iter_rows())
    written = set(done.frame["_row"].to_list())
    counts: dict[UUID, Counter[str]] = {}
    for row, owner in enumerate(owners):
        op = landed.get(keys[row].hex()) if row in written else None
        word = "failed" if row in failed else "pending" if row in waiting else _WORDS.get(op or "", "skipped")
        counts.setdefault(owner, Counter())[word] += 1
    return {owner: dict(found) for owner, found in counts.items()}


def settle(run: Run, told: Mapping[UUID, Told], results: Results) -> None:
    """Note the deliveries as done, in the transaction that is open."""
    ids: Iterable[UUID] = dict.fromkeys([*told, *results])
    found = {of: {**results.get(of, {}), **_asked_for(told.get(of))} for of in ids}
    with connection.cursor() as cursor:
        given: dict[str, Any] = {
            "ids": list(found),
            "results": [json.dumps(result) for result in found.values()],
            "job_id": run.claim.job_id,
        }
        cursor.execute(query("settle_inbound"), given)


def _asked_for(told: Told | None) -> dict[str, int]:
    return {"asked_for": len(told.keys)} if told and told.keys else {}
