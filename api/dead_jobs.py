"""GET /jobs/dead: how many jobs are out of tries and not dealt with, by entity, kind and error."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.listing import failures, list_of, listed
from api.params import Query
from api.scopes import READ
from sync.jobs import dead


class DeadJobsSerializer(serializers.Serializer[Any]):
    """Dead jobs of one cause."""

    entity = serializers.CharField(allow_null=True)
    kind = serializers.CharField()
    code = serializers.CharField(allow_null=True)
    jobs = serializers.IntegerField()
    oldest_at = serializers.DateTimeField(help_text="When the first of them was asked for.")
    newest_at = serializers.DateTimeField()
    newest = serializers.UUIDField(help_text="The id of the last one.")


class DeadJobsView(APIView):
    """The counts."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(
        operation_id="jobs_dead",
        tags=["jobs"],
        summary="Dead jobs, counted by entity, kind and error; /jobs?status=dead lists them",
        responses={200: list_of("DeadJobsList", DeadJobsSerializer), **failures()},
    )
    def get(self, request: Request) -> Response:
        """All counts, the highest first."""
        Query(request, known=())
        return Response(listed(DeadJobsSerializer(dead.counts(), many=True).data, None))
