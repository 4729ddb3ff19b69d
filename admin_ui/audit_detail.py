"""What an entry of the audit shows beside its columns: what changed, and its place in the chain."""

from __future__ import annotations

import json
from typing import Any

from admin_ui import render
from admin_ui.job_detail import Table
from sync.models import AuditEntry

ABSENT = object()


def tables(entry: AuditEntry) -> list[Table]:
    """The names whose values differ, and the link."""
    return [*_changed(entry), _chain(entry)]


def _changed(entry: AuditEntry) -> list[Table]:
    """Only where there is an object on both sides: else before and after say all."""
    before, after = entry.before, entry.after
    if not isinstance(before, dict) or not isinstance(after, dict):
        return []
    rows = [
        [name, _word(before.get(name, ABSENT)), _word(after.get(name, ABSENT))]
        for name in dict.fromkeys([*before, *after])
        if before.get(name, ABSENT) != after.get(name, ABSENT)
    ]
    return [
        {"title": "What changed", "headers": ["Name", "Before", "After"], "rows": rows, "empty": "Nothing."}
    ]


def _word(value: Any) -> str:
    if value is ABSENT or value is None:
        return render.NONE
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _chain(entry: AuditEntry) -> Table:
    rows = [[f"{entry.link.seq:,}", bytes(entry.link.hash).hex()]] if hasattr(entry, "link") else []
    return {
        "title": "In the chain",
        "headers": ["Number", "Hash"],
        "rows": rows,
        "empty": "It has no link: it came past the chain. Verify tells more.",
    }
