"""What budgets look like in answers and requests."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class LimitsSerializer(serializers.Serializer[Any]):
    """What a system allows. Null means no limit."""

    rate = serializers.FloatField(allow_null=True, help_text="Requests a second.")
    burst = serializers.FloatField(allow_null=True, help_text="Requests at once after a pause.")
    concurrent = serializers.IntegerField(allow_null=True, help_text="Requests under way at once.")
    per_day = serializers.IntegerField(allow_null=True, help_text="Requests a day.")


class BacklogSerializer(serializers.Serializer[Any]):
    """The jobs that wait for a system."""

    jobs = serializers.IntegerField()
    requests = serializers.IntegerField(help_text="An estimate, from what such jobs took lately.")
    ends_at = serializers.DateTimeField(allow_null=True, help_text="An estimate; null where no rate says.")


class ToldSerializer(serializers.Serializer[Any]):
    """What a far end's headers say of its own limit. Null where they do not."""

    limit = serializers.IntegerField(allow_null=True, help_text="Requests of a whole window.")
    left = serializers.IntegerField(allow_null=True)
    resets_at = serializers.DateTimeField(allow_null=True, help_text="When the window begins anew.")
    ignored = serializers.CharField(allow_null=True, help_text="Headers that could not be read.")


class BudgetSerializer(serializers.Serializer[Any]):
    """A system's budget, shared by all processes."""

    system = serializers.CharField()
    limits = LimitsSerializer(help_text="In force.")
    declared = LimitsSerializer(help_text="Of the declaration.")
    edited = serializers.BooleanField(help_text="A person set the limits; the declaration is not followed.")
    remaining = serializers.IntegerField(
        allow_null=True, help_text="Requests that may leave at once; null without a rate."
    )
    speed = serializers.FloatField(
        allow_null=True, help_text="Requests a second now: less than the rate after a refusal."
    )
    paused_until = serializers.DateTimeField(allow_null=True, help_text="Its Retry-After.")
    broken_until = serializers.DateTimeField(
        allow_null=True,
        help_text="It failed many times in a row and is left alone; then one request finds out whether it is back.",
    )
    failures = serializers.IntegerField(help_text="In a row, of any process.")
    told = ToldSerializer(
        allow_null=True, help_text="What its answers say of its own limit, where the system declares headers."
    )
    used_today = serializers.IntegerField(help_text="Of the daily quota, where there is one.")
    under_way = serializers.IntegerField(help_text="Leased slots, where requests at once are limited.")
    backlog = BacklogSerializer()


class BudgetChangeSerializer(serializers.Serializer[Any]):
    """What to change of the limits. What is left out stays; a new rate brings its usual burst."""

    rate = serializers.FloatField(required=False, allow_null=True)
    burst = serializers.FloatField(required=False, allow_null=True)
    concurrent = serializers.IntegerField(required=False, allow_null=True)
    per_day = serializers.IntegerField(required=False, allow_null=True)
    declared = serializers.BooleanField(required=False, help_text="Follow the declaration again.")
    paused = serializers.BooleanField(
        required=False,
        help_text="False ends a pause that it asked for, and asks one that failed again at once.",
    )
    reason = serializers.CharField(required=False)
