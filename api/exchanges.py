"""What an attempt of a job said to far ends, and what they answered."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.jobs import find
from api.listing import PAGING, failures, list_of, listed, newest, paging_parameters
from api.params import Query
from api.scopes import READ
from sync.models import Exchange


class ExchangeSerializer(serializers.Serializer[Any]):
    """One request with its answer, cut and without secrets."""

    id = serializers.UUIDField()
    attempt = serializers.IntegerField()
    at = serializers.DateTimeField()
    system = serializers.CharField()
    method = serializers.CharField()
    address = serializers.CharField()
    params = serializers.JSONField()
    status = serializers.IntegerField(allow_null=True, help_text="Null where no answer came.")
    error = serializers.CharField(allow_null=True, help_text="The code, where no answer came.")
    ms = serializers.IntegerField()
    sent_headers = serializers.JSONField()
    sent = serializers.CharField(help_text="The beginning of the body, at most 4,096 bytes.")
    headers = serializers.JSONField()
    body = serializers.CharField(help_text="The beginning of the answer's body, at most 4,096 bytes.")
    size = serializers.IntegerField(help_text="Bytes of the whole answer.")


class JobExchangesView(APIView):
    """GET /jobs/{id}/exchanges."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(
        operation_id="jobs_exchanges",
        tags=["jobs"],
        summary="The last exchanges of its attempts with far ends, newest first, without secrets",
        parameters=[
            OpenApiParameter("job_id", OpenApiTypes.UUID, OpenApiParameter.PATH),
            *paging_parameters(),
        ],
        responses={200: list_of("ExchangeList", ExchangeSerializer), **failures(400, 404)},
    )
    def get(self, request: Request, job_id: str) -> Response:
        """A page of exchanges."""
        query = Query(request, known=PAGING)
        page, after = newest(Exchange.objects.filter(job=find(job_id)), query)
        return Response(listed(ExchangeSerializer(page, many=True).data, after))
