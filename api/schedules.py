"""Schedules, to be looked at; they are edited in the admin."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.listing import failures, list_of, listed
from api.params import Query
from api.scopes import READ
from api.serializers import ScheduleSerializer
from sync.models import Schedule


class SchedulesView(APIView):
    """The list of schedules."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(
        operation_id="schedules_list",
        tags=["schedules"],
        summary="Every schedule; there are few, so there are no pages",
        responses={200: list_of("ScheduleList", ScheduleSerializer), **failures()},
    )
    def get(self, request: Request) -> Response:
        """All schedules, by name."""
        Query(request, known=())
        rows = Schedule.objects.select_related("entity").order_by("name")
        return Response(listed(ScheduleSerializer(rows, many=True).data, None))
