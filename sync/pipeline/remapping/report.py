"""What a rehearsal found: numbers, and the first rows with what was there before and what would be after."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from django.db import connection

from sync.keys import key_text
from sync.pipeline.batch import Batch, SetAside
from sync.pipeline.remapping.stored_rows import Stretch
from sync.pipeline.returning import Returning
from sync.queries import query
from sync.registry import Registered

SHOWN = 100
"""Rows that are kept with their values; the rest is counted."""
_LONGEST = 500  # characters of a value

_COUNTS = (
    *("records", "unchanged", "changed", "would_fail", "would_wait", "not_kept", "mended_by_hand"),
    *("failed_records", "would_be_mended", "still_failing"),
)


class Report:
    """Grows stretch by stretch."""

    def __init__(self, registered: Registered, leaf: str) -> None:
        self._registered, self._leaf = registered, leaf
        self._counts: Counter[str] = Counter()
        self._diffs: list[dict[str, Any]] = []
        self._faults: list[dict[str, Any]] = []

    @property
    def looked_at(self) -> int:
        """Rows so far."""
        return self._counts["records"] + self._counts["failed_records"]

    def told(self) -> dict[str, Any]:
        """The report as JSON: every number, the first diffs and faults, and how many more there are."""
        changed = self._counts["changed"] + self._counts["would_be_mended"]
        refused = self._counts["would_fail"] + self._counts["still_failing"]
        return {
            "counts": {name: self._counts[name] for name in _COUNTS},
            "diffs": self._diffs,
            "more_diffs": changed - len(self._diffs),
            "faults": self._faults,
            "more_faults": refused - len(self._faults),
        }

    def take_records(self, batch: Batch, stretch: Stretch) -> None:
        """Current records made anew; called when the stored ones are as before again."""
        changed = batch.landed.filter(pl.col("op") == "update")["key"].to_list()
        self._counts.update(
            records=len(stretch.rows) + stretch.not_kept + len(stretch.mended),
            changed=len(changed),
            unchanged=batch.frame.height - len(changed),
            would_fail=len(batch.aside),
            would_wait=batch.counts.get("pending", 0),
            not_kept=stretch.not_kept,
            mended_by_hand=len(stretch.mended),
        )
        self._show_changed(batch, changed[: SHOWN - len(self._diffs)])
        keys = {row: stored.key_hash.hex for row, stored in enumerate(stretch.rows)}
        self._show_faults(batch.aside, "record", keys)

    def take_failures(self, batch: Batch, group: Sequence[Returning], again: Sequence[SetAside]) -> None:
        """Open failed records run again, and those of them that were refused again."""
        refused = {aside.row for aside in again}
        waiting = set() if batch.parked is None else set(batch.parked["_row"].to_list())
        self._counts.update(
            failed_records=len(group),
            still_failing=len(refused),
            would_wait=len(waiting),
            would_be_mended=len(group) - len(refused | waiting),
        )
        if batch.frame.height:
            for row, data in batch.frame.select("_row", "_data").iter_rows():
                if len(self._diffs) < SHOWN:
                    self._show({}, json.loads(data), failed_record=group[row].id)
        self._show_faults(again, "failed_record", {row: one.id for row, one in enumerate(group)})

    def _show_changed(self, batch: Batch, keys: list[str]) -> None:
        if not keys:
            return
        with connection.cursor() as cursor:
            cursor.execute(query("data_of", leaf=self._leaf), {"keys": keys})
            before = {key.hex: json.loads(data) for key, data in cursor.fetchall()}
        key = pl.col("_key_hash").bin.encode("hex")
        rows = batch.frame.filter(key.is_in(keys)).select(key, "_data").iter_rows()
        for number, data in rows:
            if number in before:
                self._show(before[number], json.loads(data))

    def _show(self, before: Mapping[str, Any], after: Mapping[str, Any], **more: Any) -> None:
        fields = changed_fields(before, after)
        self._diffs.append({"key": key_text(self._registered, after), **more, "fields": fields})

    def _show_faults(self, aside: Sequence[SetAside], what: str, names: Mapping[int, str]) -> None:
        for row in aside[: SHOWN - len(self._faults)]:
            self._faults.append({what: names[row.row], **fault_of(row)})


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Field by field what was and what would be, where these differ."""
    names = sorted(name for name in {*before, *after} if before.get(name, ...) != after.get(name, ...))
    return {name: {"before": _cut(before.get(name)), "after": _cut(after.get(name))} for name in names}


def fault_of(aside: SetAside) -> dict[str, Any]:
    """What is wrong with a row, first of all."""
    first = aside.faults[0]
    return {
        "stage": first.stage,
        "code": first.code,
        "field": first.field,
        "message": _cut(first.message),
    }


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        # PostgreSQL keeps neither NUL nor half a surrogate pair.
        clean = value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
        return clean if len(clean) <= _LONGEST else clean[:_LONGEST] + "…"
    text = json.dumps(value)
    return value if len(text) <= _LONGEST else text[:_LONGEST] + "…"
