"""Rows that wait for their parent's key."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.listing import PAGING, entity_number, failures, list_of, listed, newest, paging_parameters
from api.params import Query
from api.scopes import READ
from api.serializers import PendingChildSerializer
from sync.models import PendingChild


class PendingChildrenView(APIView):
    """The list of waiting rows."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(
        operation_id="pending_children_list",
        tags=["pending children"],
        summary="Rows that wait for their parent, newest first",
        parameters=paging_parameters(OpenApiParameter("entity", str, description="Of the waiting rows.")),
        responses={200: list_of("PendingChildList", PendingChildSerializer), **failures(400, 404)},
    )
    def get(self, request: Request) -> Response:
        """A page of waiting rows."""
        query = Query(request, known=("entity", *PAGING))
        rows = PendingChild.objects.select_related("entity", "parent_entity")
        number = entity_number(query)
        page, after = newest(rows if number is None else rows.filter(entity_id=number), query)
        return Response(listed(PendingChildSerializer(page, many=True).data, after))
