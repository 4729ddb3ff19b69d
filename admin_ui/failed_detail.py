"""What a failed record's page shows: its three shapes, side by side, and all its errors."""

from __future__ import annotations

from typing import Any

import msgspec

from admin_ui import render
from sync.models import FailedRecord


def columns(failed: FailedRecord) -> list[dict[str, Any]]:
    """Raw, normalized, mapped; and the mended input where there is one."""
    shapes: list[tuple[str, Any, str]] = [
        ("Raw", raw_text(bytes(failed.raw)), "as received"),
        ("Normalized", failed.normalized, "it did not get that far"),
        ("Mapped", failed.mapped, "it did not get that far"),
    ]
    if failed.mended is not None:
        shapes.append(("Mended", failed.mended, ""))
    return [
        {"title": title, "content": render.block(value) if value is not None else None, "absent": absent}
        for title, value, absent in shapes
    ]


def raw_text(raw: bytes) -> str:
    """The bytes for people: JSON laid out, every digit kept; what is no JSON as it is, bad bytes escaped."""
    try:
        laid_out = msgspec.json.format(raw, indent=2)
    except (msgspec.DecodeError, RecursionError):
        laid_out = raw
    return laid_out.decode("utf-8", "backslashreplace")


def error_table(failed: FailedRecord) -> dict[str, Any]:
    """Every error of the row."""
    rows = [
        [
            error.get("stage", failed.stage),
            error.get("code", ""),
            error.get("field") or render.NONE,
            error.get("message", ""),
            render.NONE if error.get("value") is None else str(error["value"]),
        ]
        for error in failed.errors
    ]
    return {"headers": ["Stage", "Code", "Field", "Message", "Found"], "rows": rows}
