"""What the attempts of a job said to far ends, and what they answered: of any job, and of a command's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api import commands, jobs
from api.command_shape import ID
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


LIST = list_of("ExchangeList", ExchangeSerializer)


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
        responses={200: LIST, **failures(400, 404)},
    )
    def get(self, request: Request, job_id: str) -> Response:
        """A page of exchanges."""
        return _page(request, jobs.find(job_id).pk)


class CommandExchangesView(APIView):
    """GET /commands/{id}/exchanges."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(
        operation_id="commands_exchanges",
        tags=["commands"],
        summary="What was said to the far end to send it and to look for it, newest first, without secrets",
        parameters=[ID, *paging_parameters()],
        responses={200: LIST, **failures(400, 404)},
    )
    def get(self, request: Request, command_id: str) -> Response:
        """A page of exchanges; they are kept for less long than the command."""
        return _page(request, commands.find(command_id).job_id)


def _page(request: Request, job_id: UUID) -> Response:
    query = Query(request, known=PAGING)
    page, after = newest(Exchange.objects.filter(job=job_id), query)
    return Response(listed(shown(page), after))


def shown(exchanges: Iterable[Exchange]) -> list[dict[str, Any]]:
    """As the API lists them."""
    return [dict(one) for one in ExchangeSerializer(exchanges, many=True).data]
