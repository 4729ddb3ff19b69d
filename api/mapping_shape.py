"""What mappings look like."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.serializers import JobSerializer
from sync.models import Mapping


class MappingSerializer(serializers.Serializer[Any]):
    """One version of an entity's field rules."""

    id = serializers.IntegerField()
    entity = serializers.CharField(source="entity.path")
    no = serializers.IntegerField(
        help_text="Records and failed records carry it; 0 there = the declaration alone."
    )
    state = serializers.ChoiceField(choices=Mapping.State.choices)
    made_by = serializers.CharField()
    created_at = serializers.DateTimeField()


class MappingDetailSerializer(MappingSerializer):
    """With its rules and its last rehearsal."""

    rules = serializers.JSONField()
    rehearsal = JobSerializer(
        allow_null=True, help_text="The job; its `result` has the counts and the diffs."
    )
