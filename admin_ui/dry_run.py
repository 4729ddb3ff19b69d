"""What a dry run found, as tables on its job's page."""

from __future__ import annotations

from typing import Any

from admin_ui import render
from admin_ui.batch_words import COUNTS
from admin_ui.mapping_report import diffs, table

Result = dict[str, Any]


def tables(result: Result) -> list[dict[str, Any]]:
    """Counts, rows that would differ, rows that would fail, deletes and deliveries."""
    return [_summary(result), diffs(result), _faults(result), _deliveries(result)]


def _summary(result: Result) -> dict[str, Any]:
    counts = [
        [words.capitalize(), render.number(result["counts"][name])]
        for name, words in COUNTS.items()
        if name in result["counts"]
    ]
    what = "everything" if result["full"] else f"what changed since {result['since'] or 'ever'}"
    rest = "" if result["complete"] else ", there is more"
    pages = "1 page" if result["pages"] == 1 else f"{result['pages']:,} pages"
    title = f"Dry run: {what}, {pages}{rest}; nothing was written"
    notes = [["Deletes", _deletes(result["deletes"])]]
    if result["would_wake"]:
        notes.append(["Waiting rows that would go on", render.number(result["would_wake"])])
    if result["stopped"]:
        notes.append(["A sync would stop", result["stopped"]])
    notes += [["Drift", sentence] for sentence in result["drift"]]
    return table(title, ["", "Rows"], [*counts, *notes], "")


def _deletes(told: Result) -> str:
    if not told["count"]:
        return f"None. {told['why_not'] or ''}".strip()
    verb = "would be deleted" if told["would"] == "delete" else "would be proposed to a person"
    return f"{told['count']:,} {verb}, such as {', '.join(told['sample'][:5])}"


def _faults(result: Result) -> dict[str, Any]:
    rows = [
        [fault["stage"], fault["code"], fault["message"], render.line(fault["row"])]
        for fault in result["faults"]
    ]
    more = f", {result['more_faults']:,} more not shown" if result["more_faults"] else ""
    title = f"Rows that would fail: {len(rows)}{more}"
    return table(title, ["Stage", "Code", "Message", "Row"], rows, "None.")


def _deliveries(result: Result) -> dict[str, Any]:
    names = ["create", "update", "waiting", "unchanged"]
    rows = [
        [target, *(render.number(counts[name]) for name in names)]
        for target, counts in result["deliveries"].items()
    ]
    headers = ["Target", *(name.capitalize() for name in names)]
    return table("What targets would get", headers, rows, "The entity is pushed nowhere.")
