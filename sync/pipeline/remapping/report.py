"""What a rehearsal finds: numbers, and each row with what was there before and what would be after.

All rows go to the keeper; the report itself has the first ones.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from sync.keys import key_text
from sync.mapping.keeping import Keeper
from sync.pipeline.batch import Batch, SetAside
from sync.pipeline.remapping.differing import differing, fields_of, stored_fields
from sync.pipeline.remapping.stored_rows import Stretch
from sync.pipeline.returning import Returning
from sync.registry import Registered

SHOWN = 100
"""Rows that the report has."""
ROWS_AT_ONCE = 1_000
"""Records whose present state is read at once."""
_LONGEST = 500  # characters of a value

_COUNTS = (
    *("records", "unchanged", "changed", "would_fail", "would_wait", "not_kept", "mended_by_hand"),
    *("failed_records", "would_be_mended", "still_failing"),
)


class Report:
    """Grows stretch by stretch."""

    def __init__(self, registered: Registered, keeper: Keeper) -> None:
        self._registered, self._keeper = registered, keeper
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
        self._show_changed(batch, changed)
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
                self._show({}, json.loads(data), failed_record=group[row].id)
        self._show_faults(again, "failed_record", {row: one.id for row, one in enumerate(group)})

    def _show_changed(self, batch: Batch, keys: list[str]) -> None:
        if not keys:
            return
        key = pl.col("_key_hash").bin.encode("hex")
        rows = batch.frame.select(key, "_data").filter(pl.col("_key_hash").is_in(keys))
        names = self._registered.entity.key
        for part in rows.iter_slices(ROWS_AT_ONCE):
            before = stored_fields(self._registered, part["_key_hash"])
            for was, would_be in zip(before, fields_of(part["_data"]), strict=True):
                if was is not None:
                    self._show(*differing(was, would_be, besides=names))

    def _show(self, before: Mapping[str, Any], after: Mapping[str, Any], **more: Any) -> None:
        diff = {"key": key_text(self._registered, after), **more, "fields": changed_fields(before, after)}
        self._keeper.keep("diffs", diff)
        if len(self._diffs) < SHOWN:
            self._diffs.append(diff)

    def _show_faults(self, aside: Sequence[SetAside], what: str, names: Mapping[int, str]) -> None:
        for row in aside:
            fault = {what: names[row.row], **fault_of(row)}
            self._keeper.keep("faults", fault)
            if len(self._faults) < SHOWN:
                self._faults.append(fault)


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
