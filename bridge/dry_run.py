"""What a dry run found, in words and tables."""

from __future__ import annotations

import json
from typing import Any

from bridge.printing import print_table

SHOWN = 20
"""Rows that are printed; --json has a hundred."""


def print_report(report: dict[str, Any]) -> None:
    """Print counts, what would differ, what would fail, deletes and deliveries."""
    print(_summary(report))
    print_table(
        ("", "rows#"),
        ((name.replace("_", " "), number) for name, number in report["counts"].items()),
        empty="",
    )
    _diffs(report)
    _faults(report)
    for sentence in _sentences(report):
        print(sentence)


def _summary(report: dict[str, Any]) -> str:
    what = "everything" if report["full"] else f"what changed since {report['since']}"
    recorded = report["recorded"]
    where = f" as recorded at {recorded['at']}" if recorded else ""
    pages = "1 page" if report["pages"] == 1 else f"{report['pages']:,} pages"
    rest = "" if report["complete"] else " There is more: --pages N reads on."
    return f"{report['entity']}: {what}, {pages}{where}. Nothing was written.{rest}"


def _diffs(report: dict[str, Any]) -> None:
    lines = [
        (diff["key"], diff["op"], name, _short(change["before"]), _short(change["after"]))
        for diff in report["diffs"][:SHOWN]
        if diff["op"] != "insert"
        for name, change in diff["fields"].items()
    ]
    if lines:
        print("\nWhat would differ:")
        print_table(("key", "would be", "field", "before", "after"), lines, empty="")


def _faults(report: dict[str, Any]) -> None:
    if report["faults"]:
        print("\nWhat would fail:")
        rows = [
            (fault["stage"], fault["code"], fault["message"], _short(fault["row"]))
            for fault in report["faults"][:SHOWN]
        ]
        print_table(("stage", "code", "message", "row"), rows, empty="")


def _sentences(report: dict[str, Any]) -> list[str]:
    deletes = report["deletes"]
    told: list[str] = []
    if report["stopped"]:
        told.append(f"A sync would stop: {report['stopped']}")
    if deletes["count"]:
        verb = "deleted" if deletes["would"] == "delete" else "proposed to a person to be deleted"
        told.append(
            f"{deletes['count']:,} records would be {verb}, such as {', '.join(deletes['sample'][:5])}."
        )
    elif report["full"]:
        told.append(f"Nothing would be deleted. {deletes['why_not'] or ''}".strip())
    for target, counts in report["deliveries"].items():
        words = ", ".join(f"{number:,} {name}" for name, number in counts.items() if number)
        told.append(f"To {target}: {words or 'nothing'}.")
    if report["would_wake"]:
        told.append(f"{report['would_wake']:,} rows that wait for these would go on.")
    return [*told, *report["drift"]]


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:59] + "…"
