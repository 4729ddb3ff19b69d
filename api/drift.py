"""Drift: the columns of the sources, what changed in them, and who has seen it."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiRequest,
    extend_schema,
    inline_serializer,
)
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.auth import actor
from api.listing import PAGING, entity_number, failures, list_of, listed, newest, paging_parameters
from api.params import Query, body, word
from api.scopes import OPERATE, READ
from api.serializers import SourceColumnSerializer
from sync import drift
from sync.errors import NotFound
from sync.models import SourceColumn

REASON = inline_serializer("DriftAct", {"reason": serializers.CharField(required=False)})


class DriftView(APIView):
    """The list of columns."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(
        operation_id="drift_list",
        tags=["drift"],
        summary="Columns of the sources that changed and wait for somebody; `all` for every column seen",
        parameters=paging_parameters(
            OpenApiParameter("entity", str, description="Such as netsuite.customers"),
            OpenApiParameter("state", str, enum=SourceColumn.State.values),
            OpenApiParameter("all", bool, description="The known, unseen and acknowledged ones too."),
        ),
        responses={200: list_of("DriftList", SourceColumnSerializer), **failures(400, 404)},
    )
    def get(self, request: Request) -> Response:
        """A page of columns."""
        query = Query(request, known=("entity", "state", "all", *PAGING))
        rows = SourceColumn.objects.select_related("entity")
        state = query.choice("state", SourceColumn.State.values)
        if not query.flag("all") and state not in SourceColumn.AS_EXPECTED:
            rows = rows.filter(drift.OPEN)
        if state:
            rows = rows.filter(state=state)
        number = entity_number(query)
        page, after = newest(rows if number is None else rows.filter(entity_id=number), query, int)
        return Response(listed(SourceColumnSerializer(page, many=True).data, after))


class DriftAcknowledgeView(APIView):
    """POST /drift/{id}/acknowledge."""

    scopes: ClassVar = {"POST": OPERATE}

    @extend_schema(
        operation_id="drift_acknowledge",
        tags=["drift"],
        summary="Somebody has seen it: it is counted no longer, and stops no job",
        parameters=[OpenApiParameter("column_id", int, OpenApiParameter.PATH)],
        request=OpenApiRequest(REASON),
        responses={200: SourceColumnSerializer, **failures(400, 404, 409)},
    )
    def post(self, request: Request, column_id: str) -> Response:
        """The column after it."""
        Query(request, known=())
        reason = word(body(request, known=("reason",)), "reason")
        if not (column_id.isascii() and column_id.isdigit() and len(column_id) < 19):
            raise NotFound(f"There is no column {column_id[:100]!r}: ids are whole numbers.")
        column = drift.acknowledge(int(column_id), by=actor(request), reason=reason)
        return Response(SourceColumnSerializer(column).data)
