"""What a dry run found of the rows: counts that add up, and the first rows with before and after."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import polars as pl
from django.db import connection

from sync import schema
from sync.keys import key_text
from sync.pipeline.batch import Batch
from sync.pipeline.discards import mark_discarded
from sync.pipeline.remapping.report import SHOWN, changed_fields, fault_of
from sync.queries import query
from sync.registry import Registered, registry

COUNTED = ("rows_fetched", "inserted", "updated", "skipped", "failed", "pending")
"""The first is the sum of the others."""
_WORDS = {"insert": "inserted", "update": "updated", "revive": "updated", "touch": "skipped"}


class Report:
    """Grows batch by batch."""

    def __init__(self, registered: Registered) -> None:
        self._registered = registered
        self._counts: Counter[str] = Counter()
        self._codes: Counter[str] = Counter()
        self._diffs: list[dict[str, Any]] = []
        self._faults: list[dict[str, Any]] = []
        self._woken = 0

    def take(self, batch: Batch) -> Batch:
        """A batch as delta and resolve leave it; with its counts, as ingest would make them. Reads the mirror."""
        ops = Counter(batch.frame["_op"].to_list() if batch.frame.height else [])
        with connection.cursor() as cursor:
            batch = mark_discarded(cursor, batch)
        counts = Counter(
            failed=len(batch.failed), discarded=len(batch.discarded), skipped=len(batch.discarded)
        )
        for op, number in ops.items():
            counts[_WORDS[op]] += number
        batch = batch.counting(**counts)
        self._counts.update({name: batch.counts.get(name, 0) for name in COUNTED})
        self._show_rows(batch)
        for aside in batch.failed:
            self._codes[aside.faults[0].code] += 1
            if len(self._faults) < SHOWN:
                self._faults.append({"row": _beginning(batch.raw[aside.row]), **fault_of(aside)})
        self._count_woken(batch)
        return batch

    def told(self) -> dict[str, Any]:
        """The report as JSON."""
        changed = self._counts["inserted"] + self._counts["updated"]
        return {
            "counts": {name: self._counts[name] for name in COUNTED},
            "diffs": self._diffs,
            "more_diffs": changed - len(self._diffs),
            "failed_by_code": dict(self._codes),
            "faults": self._faults,
            "more_faults": self._counts["failed"] - len(self._faults),
            "would_wake": self._woken,
        }

    def _show_rows(self, batch: Batch) -> None:
        if not batch.frame.height or len(self._diffs) >= SHOWN:
            return
        rows = batch.frame.filter(pl.col("_op") != "touch").head(SHOWN - len(self._diffs))
        keys = [key.hex() for key in rows["_key_hash"]]
        with connection.cursor() as cursor:
            cursor.execute(query("data_of", **schema.names(self._registered.path)), {"keys": keys})
            before = {key.bytes: json.loads(data) for key, data in cursor.fetchall()}
        for key, op, data in rows.select("_key_hash", "_op", "_data").iter_rows():
            after = json.loads(data)
            fields = changed_fields({} if op == "insert" else before.get(key, {}), after)
            self._diffs.append({"key": key_text(self._registered, after), "op": op, "fields": fields})

    def _count_woken(self, batch: Batch) -> None:
        """Children that wait for rows that would be here."""
        if not batch.frame.height or not registry.children(registry.find(self._registered.path)):
            return
        given: dict[str, Any] = {
            "entity_id": schema.entity_id(self._registered.path),
            "keys": [key.hex() for key in batch.frame["_key_hash"]],
        }
        with connection.cursor() as cursor:
            cursor.execute(query("count_waiting_for"), given)
            found = cursor.fetchone()
        self._woken += found[0] if found else 0


def _beginning(raw: bytes) -> str:
    text = raw[:400].decode("utf-8", "replace").replace("\x00", "\ufffd")
    return text if len(raw) <= 400 else text + "…"
