"""What a rehearsal found, as tables."""

from __future__ import annotations

import json
from typing import Any

from admin_ui import render
from sync.mapping.acts import newest_rehearsal
from sync.models import Mapping

_COUNTED = {
    "records": "records looked at",
    "changed": "would change",
    "unchanged": "would stay the same",
    "would_fail": "would be set aside",
    "would_wait": "would wait for a parent",
    "not_kept": "bytes kept no longer",
    "mended_by_hand": "mended by hand, left alone",
    "failed_records": "failed records looked at",
    "would_be_mended": "failed records that would be mended",
    "still_failing": "failed records that would fail again",
}


def tables(mapping: Mapping) -> list[dict[str, Any]]:
    """The last rehearsal: its numbers, its diffs, its faults; or that there is none."""
    job = newest_rehearsal(mapping)
    if job is None:
        return [table("Rehearsal", [], [], "Not rehearsed yet.")]
    link = render.link(f"job {str(job.pk)[-6:]}", "sync_job_change", job.pk)
    title = f"Rehearsal ({job.status}, asked {render.stamp(job.created_at)})"
    if not job.result:
        return [table(title, ["Job"], [[link]], "")]
    counts = [[words, render.number(job.result["counts"][name])] for name, words in _COUNTED.items()]
    return [
        table(title, ["", "Rows"], [*counts, ["by", link]], ""),
        diffs(job.result),
        _faults(job.result),
    ]


def diffs(result: dict[str, Any]) -> dict[str, Any]:
    """The rows that would differ, field by field."""
    rows = [
        [diff["key"] or render.NONE, field, _value(change["before"]), _value(change["after"])]
        for diff in result["diffs"]
        for field, change in diff["fields"].items()
    ]
    more = f", {result['more_diffs']:,} more not shown" if result["more_diffs"] else ""
    title = f"Rows that would differ: {len(result['diffs'])}{more}"
    return table(title, ["Key", "Field", "Before", "After"], rows, "None.")


def _faults(result: dict[str, Any]) -> dict[str, Any]:
    rows = [
        [fault.get("record") or fault.get("failed_record"), fault["stage"], fault["code"], fault["message"]]
        for fault in result["faults"]
    ]
    more = f", {result['more_faults']:,} more not shown" if result["more_faults"] else ""
    title = f"Rows that would be refused: {len(result['faults'])}{more}"
    return table(title, ["Row", "Stage", "Code", "Message"], rows, "None.")


def table(title: str, headers: list[str], rows: list[Any], empty: str) -> dict[str, Any]:
    """A table as the pages' templates want it."""
    return {"title": title, "headers": headers, "rows": rows, "empty": empty}


def _value(value: Any) -> str:
    return render.NONE if value is None else value if isinstance(value, str) else json.dumps(value)
