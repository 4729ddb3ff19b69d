"""Lanes: what waits for its turn, and behind which job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.listing import PAGING, failures, list_of, listed, paging_parameters
from api.params import Query
from api.scopes import READ
from sync.jobs import lane_words
from sync.jobs.standstill import look
from sync.models import Job, LaneRow


class LaneSerializer(serializers.Serializer[Any]):
    """Jobs that go one after another, in the order of asking."""

    lane = serializers.CharField(help_text="record:… of a record, or a value such as netsuite.order:4711")
    waiting = serializers.IntegerField(help_text="Jobs that wait for their turn.")
    waiting_since = serializers.DateTimeField(allow_null=True)
    job_id = serializers.UUIDField(help_text="Whom they wait for: the job under way, else the first.")
    kind = serializers.CharField(source="job.kind")
    status = serializers.ChoiceField(source="job.status", choices=Job.Status.choices)
    hold = serializers.CharField(source="job.hold", allow_null=True)
    why = serializers.SerializerMethodField(help_text="Why they wait, and what ends it.")

    def get_why(self, row: LaneRow) -> str:
        """Why they wait."""
        return lane_words.why(row.job, self.context["now"])


def shown(rows: Sequence[LaneRow]) -> list[dict[str, Any]]:
    """Lanes as the API shows them."""
    return [dict(item) for item in LaneSerializer(rows, many=True, context={"now": look()}).data]


class LanesView(APIView):
    """The list of lanes."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(
        operation_id="lanes_list",
        tags=["limits"],
        summary="Lanes in which jobs wait, or that a dead job stops; by name",
        parameters=paging_parameters(
            OpenApiParameter("lane", str, description="Only this one"),
            OpenApiParameter("dead", bool, description="Only those that a dead job stops"),
        ),
        responses={200: list_of("LaneList", LaneSerializer), **failures(400)},
    )
    def get(self, request: Request) -> Response:
        """A page of lanes."""
        query = Query(request, known=("lane", "dead", *PAGING))
        rows = LaneRow.objects.select_related("job").order_by("lane")
        if (lane := query.text("lane")) is not None:
            rows = rows.filter(lane=lane)
        if query.flag("dead"):
            rows = rows.filter(job__status=Job.Status.FAILED)
        if (after := query.text("after")) is not None:
            rows = rows.filter(lane__gt=after)
        limit = query.limit()
        page = list(rows[: limit + 1])
        following = page[limit - 1].lane if len(page) > limit else None
        return Response(listed(shown(page[:limit]), following))
