"""What a schedule looks like."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from sync.jobs import cadence, schedule_words, slots
from sync.models import Schedule


class ScheduleSerializer(serializers.Serializer[Any]):
    """When work is asked for by itself."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.CharField()
    entity = serializers.CharField(source="entity.path", allow_null=True, default=None)
    params = serializers.JSONField()
    origin = serializers.SerializerMethodField(
        help_text="declared, edited (declared, left alone since) or added by a person"
    )
    enabled = serializers.BooleanField()
    cron = serializers.CharField(allow_null=True)
    every = serializers.DurationField(allow_null=True)
    zone = serializers.CharField()
    jitter = serializers.DurationField(help_text="Late by up to so much; the same for the same slot.")
    missed = serializers.ChoiceField(
        Schedule.Missed.choices,
        help_text=f"Slots that no worker saw: none, one run for all, a run each (the newest {slots.MOST_OWED}).",
    )
    overlap = serializers.ChoiceField(
        Schedule.Overlap.choices,
        help_text="A slot while the last job is not done: skipped, run, or it waits.",
    )
    next_runs = serializers.SerializerMethodField(help_text="The coming slots, without jitter.")
    next_run_at = serializers.SerializerMethodField(
        help_text="The next slot with its jitter; null where it is off."
    )
    owed = serializers.ListField(
        child=serializers.DateTimeField(), help_text="Slots that wait for the last job."
    )
    last_run_at = serializers.DateTimeField(allow_null=True)
    last_job = serializers.UUIDField(allow_null=True)
    trouble = serializers.SerializerMethodField(help_text="Why it can't ask for anything; null where it can.")

    def get_origin(self, schedule: Schedule) -> str:
        """Where it comes from."""
        return schedule_words.origin(schedule)

    @extend_schema_field(serializers.ListField(child=serializers.DateTimeField()))
    def get_next_runs(self, schedule: Schedule) -> list[datetime]:
        """The coming slots; none where it is off."""
        return cadence.next_runs(schedule)

    def get_next_run_at(self, schedule: Schedule) -> datetime | None:
        """When it is due; never where it is off."""
        return schedule.next_run_at if schedule.enabled else None

    def get_trouble(self, schedule: Schedule) -> str | None:
        """Why it can't ask for anything."""
        return schedule_words.trouble(schedule)
