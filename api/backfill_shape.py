"""The shapes of backfills in the OpenAPI document. `from` is no name for a field of Python, so they are inline."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from sync.backfill.cutting import KEYS_A_WINDOW, MOST_WINDOWS, TIME_A_WINDOW
from sync.backfill.plan import DEFAULT_WORKERS
from sync.models import Backfill

WINDOW_HELP = (
    f"Keys of a window ({KEYS_A_WINDOW} by default), or its length by cursor, such as 6h or 7d ({TIME_A_WINDOW});"
    f" at most {MOST_WINDOWS:,} windows."
)


def _asked() -> dict[str, Any]:
    text, number = serializers.CharField, serializers.IntegerField
    return {
        "entity": text(help_text="Such as netsuite.customers, or a bare name."),
        "by": serializers.ChoiceField(
            ["key", "cursor"], required=False, help_text="By default the cursor where the source can."
        ),
        "from": text(required=False, help_text="Included: a whole number by key, a moment by cursor (UTC)."),
        "to": text(required=False, help_text="Not included; by cursor now by default."),
        "window": text(required=False, help_text=WINDOW_HELP),
        "rows_per_day": number(required=False, allow_null=True, help_text="At most so many rows a UTC day."),
        "hours": text(
            required=False, allow_null=True, help_text="UTC hours in which it reads, such as 22-6."
        ),
        "workers": number(required=False, help_text=f"Windows at once, {DEFAULT_WORKERS} by default."),
    }


def _progress() -> Any:
    number, moment = serializers.IntegerField, serializers.DateTimeField
    fields: dict[str, Any] = {
        "windows": number(),
        "windows_done": number(),
        "windows_running": number(),
        "windows_failed": number(),
        "rows": number(help_text="Committed."),
        "rows_expected": number(allow_null=True, help_text="Told by the far end, or estimated."),
        "rows_today": number(help_text="Of this UTC day."),
        "share": serializers.FloatField(help_text="0 to 1."),
        "waits": serializers.CharField(allow_null=True, help_text="Why nothing is asked for now."),
        "expected_end": moment(allow_null=True),
    }
    return inline_serializer("BackfillProgress", fields)


_Progress = type(_progress())  # one class, or OpenAPI would have two of one name


def _backfill() -> dict[str, Any]:
    return {
        "id": serializers.UUIDField(),
        **_asked(),
        "state": serializers.ChoiceField(Backfill.State.choices),
        "remark": serializers.CharField(help_text="Why it is paused or cancelled."),
        "requested_by": serializers.CharField(),
        "created_at": serializers.DateTimeField(),
        "finished_at": serializers.DateTimeField(allow_null=True),
        "progress": _Progress(),
    }


def _detail() -> dict[str, Any]:
    text, number = serializers.CharField, serializers.IntegerField
    day: dict[str, Any] = {"day": serializers.DateField(), "rows": number()}
    window: dict[str, Any] = {
        "no": number(),
        "from": text(),
        "to": text(),
        "state": text(),
        "rows": number(),
        "job_id": serializers.UUIDField(allow_null=True),
        "remark": text(),
    }
    return {
        **_backfill(),
        "counts": serializers.DictField(child=number(), help_text="Of the windows that are done."),
        "days": inline_serializer("BackfillDay", day, many=True),
        "windows": inline_serializer("BackfillWindow", window, many=True),
    }


def _planned() -> dict[str, Any]:
    number = serializers.IntegerField
    return {
        **_asked(),
        "windows": number(),
        "at_once": number(help_text="Windows at once, as the entity's own limit lets them."),
        "rows_expected": number(allow_null=True, help_text="That the far end has there now."),
        "rows_unknown": serializers.CharField(allow_null=True, help_text="Why that is not known."),
        "expected_end": serializers.DateTimeField(allow_null=True, help_text="As far as the days tell."),
    }


_DRY: dict[str, Any] = {
    "preview": serializers.BooleanField(required=False, help_text="Only tell what it would be."),
    "reason": serializers.CharField(required=False, help_text="Kept in the audit."),
}
_REASON: dict[str, Any] = {"reason": serializers.CharField(required=False)}
ASKED: Any = inline_serializer("BackfillRequest", {**_asked(), **_DRY})
PLANNED: Any = inline_serializer("BackfillPreview", _planned())
BACKFILL: Any = inline_serializer("Backfill", _backfill(), many=True)
DETAIL: Any = inline_serializer("BackfillDetail", _detail())
ACT: Any = inline_serializer("BackfillAct", _REASON)
