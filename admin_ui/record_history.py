"""A record's history: each version, and what it changed in the one before it."""

from __future__ import annotations

import json
from typing import Any

from django.utils.html import format_html_join

from admin_ui import render
from sync.history.versions import Step, steps
from sync.models import RecordRow
from sync.registry import registry

MOST_VERSIONS = 50


def history(record: RecordRow) -> dict[str, Any]:
    """The newest versions first, as a table; empty for an undeclared entity."""
    path = record.entity.path
    found, more = (
        steps(registry.find(path), record.key_hash, limit=MOST_VERSIONS) if path in registry else ([], None)
    )
    rows = [_row(step, before) for step, before in zip(found, [*found[1:], None], strict=True)]
    title = "History" if more is None else f"History: the newest {MOST_VERSIONS} versions"
    headers = ["Revision", "From", "Until", "Mapping", "What it changed"]
    return {"title": title, "headers": headers, "rows": rows, "empty": "Its entity is not declared any more."}


def _row(step: Step, before: Step | None) -> list[Any]:
    version = step.version
    until = "stands now" if version.valid_to is None else render.stamp(version.valid_to)
    was_deleted = before is not None and before.version.deleted
    told = _changes(step)
    if version.deleted:
        told = "deleted"
    elif was_deleted:
        told = (
            "brought back"
            if told == "nothing served"
            else format_html_join("", "brought back · {}", [(told,)])
        )
    return [version.revision, render.stamp(version.valid_from), until, version.mapping, told]


def _changes(step: Step) -> str:
    if step.changes is None:
        return "the version before it is kept no longer"
    if step.version.revision == 1:
        return "the first version"
    told = ((change.field, _short(change.old), _short(change.new)) for change in step.changes)
    return format_html_join(" · ", "<b>{}</b> {} → {}", told) or "nothing served"


def _short(value: str | None) -> str:
    found = None if value is None else json.loads(value, parse_float=str, parse_int=str)
    text = "none" if found is None else str(found)
    return text if len(text) <= 60 else f"{text[:59]}…"
