"""What is asked of schedules, in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from sync.jobs.schedule_changes import SPAN_HELP
from sync.models import Schedule


def _fields() -> dict[str, Any]:
    text = serializers.CharField
    return {
        "enabled": serializers.BooleanField(required=False),
        "cron": text(
            required=False, allow_null=True, help_text="Five fields, such as 0 3 * * *; instead of `every`."
        ),
        "every": text(required=False, allow_null=True, help_text=f"Seconds, or text {SPAN_HELP}."),
        "zone": text(
            required=False, help_text="Of the cron expression, such as Europe/Berlin; UTC by default."
        ),
        "jitter": text(required=False, help_text="Late by up to so much, as `every` is written."),
        "missed": serializers.ChoiceField(Schedule.Missed.choices, required=False),
        "overlap": serializers.ChoiceField(Schedule.Overlap.choices, required=False),
        "params": serializers.JSONField(required=False, help_text='Of the job, such as {"full": true}.'),
        "reason": text(required=False, help_text="Kept in the audit."),
    }


CHANGES = inline_serializer("ScheduleChanges", _fields())
WANTED = inline_serializer(
    "ScheduleRequest",
    {
        "name": serializers.CharField(help_text="Of its own; the entities' names are for declared ones."),
        "kind": serializers.CharField(required=False, help_text="sync by default; dry_run, push, reconcile."),
        "entity": serializers.CharField(help_text="Such as netsuite.customers"),
        **_fields(),
    },
)
REASON = inline_serializer("ScheduleAct", {"reason": serializers.CharField(required=False)})
