"""What targets would get of the rows that a dry run would write."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

import polars as pl
from django.db import connection

from sync.declare import Push
from sync.pipeline.batch import Batch
from sync.pipeline.run import Run
from sync.queries import query
from sync.registry import registry
from sync.targets.asking import active
from sync.targets.plan import planned

_WORDS = {"c": "create", "u": "update", "d": "delete"}


class Deliveries:
    """Counts per target, grown batch by batch."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._registered = registry.find(run.registered.path)
        self._counts: dict[str, Counter[str]] = {push.target: Counter() for push in active(self._registered)}

    def take(self, batch: Batch) -> None:
        """The rows of a batch as delta and resolve leave it. Reads the ledgers."""
        if not batch.frame.height:
            return
        rows = batch.frame.filter(pl.col("_op") != "touch").select("_key_hash", "_version", "_data")
        for push in active(self._registered):
            self._plan(
                push, {uuid.UUID(bytes=key): (version, data) for key, version, data in rows.iter_rows()}
            )

    def told(self) -> dict[str, dict[str, int]]:
        """By target: create, update, waiting (for a parent there) and unchanged."""
        names = ("create", "update", "waiting", "unchanged")
        return {target: {name: counts[name] for name in names} for target, counts in self._counts.items()}

    def _plan(self, push: Push, rows: dict[uuid.UUID, tuple[int, str]]) -> None:
        with connection.cursor() as cursor:
            given: dict[str, Any] = {
                "target": push.target,
                "entity_id": self._run.entity_id,
                "keys": list(rows),
            }
            cursor.execute(query("deliveries_of"), given)
            known = {row[0]: row[1:] for row in cursor.fetchall()}
        nothing = (None, None, None, None, None, 0)
        made = planned(
            self._registered,
            push,
            [
                (key, 0, version, None, 0, data, *known.get(key, nothing))
                for key, (version, data) in rows.items()
            ],
        )
        counts = self._counts[push.target]
        counts["unchanged"] += len(made.unchanged)
        for step in made.steps:
            counts["waiting" if step.wait else _WORDS[step.op]] += 1
