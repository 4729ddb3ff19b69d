"""A record's history: each superseded version, and what its successor changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.html import format_html_join

from admin_ui import render
from sync.models import RecordRow, RecordVersion

MOST_VERSIONS = 50


def history(record: RecordRow) -> dict[str, Any]:
    """The newest versions first, as a table."""
    found = RecordVersion.objects.filter(entity_id=record.entity_id, key_hash=record.key_hash)
    rows, newer = [], record.data
    for version in found.order_by("-revision")[:MOST_VERSIONS]:
        told = [version.revision, render.stamp(version.valid_from), render.stamp(version.valid_to)]
        rows.append([*told, "deleted" if version.deleted else _changes(version.data, newer)])
        newer = version.data
    headers = ["Revision", "From", "Until", "What the next one changed"]
    return {"title": "History", "headers": headers, "rows": rows, "empty": "This is the first version."}


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    told = ((name, _short(old.get(name)), _short(new.get(name))) for name in names)
    return format_html_join(" · ", "<b>{}</b> {} → {}", told) or "nothing served"


def _short(value: Any) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
