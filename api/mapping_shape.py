"""What mappings look like."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.jobs import shown
from api.serializers import JobSerializer
from sync.mapping.acts import newest_rehearsal
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
    rehearsal = serializers.SerializerMethodField(
        help_text="The job; its `result` has the counts and the first rows, /rehearsal/diffs and …/faults have all."
    )

    @extend_schema_field(JobSerializer(allow_null=True))
    def get_rehearsal(self, mapping: Mapping) -> dict[str, Any] | None:
        """The last rehearsal as jobs are shown; None without any."""
        job = newest_rehearsal(mapping)
        return None if job is None else dict(shown([job])[0])
