"""What a mapping's last rehearsal found, row by row."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from drf_spectacular.utils import extend_schema, extend_schema_view, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.listing import PAGING, failures, paging_parameters
from api.mappings import ID, number_of
from api.params import Query
from api.scopes import READ
from sync.mapping.in_force import find
from sync.mapping.rehearsed import Kind, found, place


class DiffSerializer(serializers.Serializer[Any]):
    """A row that would differ."""

    key = serializers.CharField(help_text="As in URLs.")
    failed_record = serializers.UUIDField(required=False, help_text="Of one that would be mended.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """With `fields`, which as an attribute would hide the serializer's own."""
        told = "By name, each with `before` and `after`."
        return {**super().get_fields(), "fields": serializers.DictField(help_text=told)}


class FaultSerializer(serializers.Serializer[Any]):
    """A row that would be refused."""

    record = serializers.CharField(required=False, help_text="The key hash of a record that is there.")
    failed_record = serializers.UUIDField(required=False, help_text="Of one that would fail again.")
    stage = serializers.CharField()
    code = serializers.CharField()
    field = serializers.CharField(allow_null=True)
    message = serializers.CharField()


class RehearsedView(APIView):
    """Rows of one kind."""

    scopes: ClassVar = {"GET": READ}
    kind: Kind

    def get(self, request: Request, mapping_id: str) -> Response:
        """A page of rows."""
        query = Query(request, known=PAGING)
        job_id, start = place(query.text("after"))
        mapping = find(number_of(mapping_id))
        page = found(mapping, self.kind, start=start, most=query.limit(), job_id=job_id)
        return Response({"items": page.rows, "next": page.next, "job": page.job_id, "of": page.of})


def _described(name: str, summary: str, of: type[serializers.Serializer[Any]]) -> Any:
    shape = {
        "items": of(many=True),
        "next": serializers.CharField(allow_null=True, help_text="Pass it as `after` for the next page."),
        "job": serializers.UUIDField(help_text="The rehearsal."),
        "of": serializers.IntegerField(help_text="Rows in all."),
    }
    schema = extend_schema(
        operation_id=f"mappings_rehearsal_{name}",
        tags=["mappings"],
        summary=summary,
        parameters=[ID, *paging_parameters()],
        responses={
            200: inline_serializer(f"Rehearsal{name.title()}", cast("dict[str, Any]", shape)),
            **failures(400, 404, 409),
        },
    )
    return extend_schema_view(get=schema)


@_described("diffs", "All rows that would differ, as the last finished rehearsal found them", DiffSerializer)
class RehearsalDiffsView(RehearsedView):
    """GET /mappings/{id}/rehearsal/diffs."""

    kind = "diffs"


@_described("faults", "All rows that it would refuse", FaultSerializer)
class RehearsalFaultsView(RehearsedView):
    """GET /mappings/{id}/rehearsal/faults."""

    kind = "faults"
