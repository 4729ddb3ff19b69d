"""What a rehearsal found, as tables."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from admin_ui import render
from admin_ui.paged import ROWS, Shown
from sync.errors import NotFound
from sync.mapping.acts import newest_rehearsal
from sync.mapping.rehearsed import Kind, found, rehearsals
from sync.models import Job, Mapping

Result = dict[str, Any]
Table = dict[str, Any]
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


def tables(mapping: Mapping, shown: Shown) -> list[Table]:
    """A rehearsal, the last one if none is named: its numbers, its diffs, its faults; or that there is none."""
    named = rehearsals(mapping).filter(pk=shown.rehearsal).first() if shown.rehearsal else None
    job = named or newest_rehearsal(mapping)
    if job is None:
        return [table("Rehearsal", [], [], "Not rehearsed yet.")]
    link = render.link(f"job {str(job.pk)[-6:]}", "sync_job_change", job.pk)
    title = f"Rehearsal ({job.status}, asked {render.stamp(job.created_at)})"
    if not job.result:
        return [table(title, ["Job"], [[link]], "")]
    counts = [[words, render.number(job.result["counts"][name])] for name, words in _COUNTED.items()]
    return [
        table(title, ["", "Rows"], [*counts, ["by", link]], ""),
        *(_of_kind(mapping, job, kind, shown) for kind in _SHOWN_AS),
    ]


def _of_kind(mapping: Mapping, job: Job, kind: Kind, shown: Shown) -> Table:
    try:
        part = found(mapping, kind, start=shown.first(kind), most=ROWS, job_id=job.pk)
    except NotFound:  # kept no longer: the job itself has the first ones
        return _SHOWN_AS[kind](job.result or {})
    told = _SHOWN_AS[kind]({kind: part.rows, "of": part.of})
    return told | {"pager": shown.pager(mapping, kind, part), "id": kind}


def diffs(result: Result) -> Table:
    """The rows that would differ, field by field."""
    rows = [line for diff in result["diffs"] for line in _lines(diff)]
    title = f"Rows that would differ: {_number(result, 'diffs')}"
    return table(title, ["Key", "Field", "Before", "After"], rows, "None.")


def faults(result: Result) -> Table:
    """The rows that would be refused."""
    rows = [
        [fault.get("record") or fault.get("failed_record"), fault["stage"], fault["code"], fault["message"]]
        for fault in result["faults"]
    ]
    title = f"Rows that would be refused: {_number(result, 'faults')}"
    return table(title, ["Row", "Stage", "Code", "Message"], rows, "None.")


def _lines(diff: Result) -> list[list[Any]]:
    key, fields = diff["key"] or render.NONE, sorted(diff["fields"].items())
    if "failed_record" not in diff and diff.get("op") != "insert":
        return [[key, name, _value(change["before"]), _value(change["after"])] for name, change in fields]
    before: Any = "new"
    if "failed_record" in diff:
        before = render.link("refused", "sync_failedrecord_change", diff["failed_record"])
    told = " · ".join(f"{name}: {_value(change['after'])}" for name, change in fields)
    return [[key, "all", before, told]]


def _number(result: Result, kind: str) -> str:
    if "of" in result:
        return f"{result['of']:,}"
    more = result[f"more_{kind}"]
    return f"{len(result[kind])}, {more:,} more not shown" if more else f"{len(result[kind])}"


_SHOWN_AS: dict[Kind, Callable[[Result], Table]] = {"diffs": diffs, "faults": faults}


def table(title: str, headers: list[str], rows: list[Any], empty: str) -> Table:
    """A table as the pages' templates want it."""
    return {"title": title, "headers": headers, "rows": rows, "empty": empty}


def _value(value: Any) -> str:
    return render.NONE if value is None else value if isinstance(value, str) else json.dumps(value)
