"""Webhooks: the public door for what far ends tell by themselves, and the list of what came in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import structlog
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.errors import Refusal, request_id
from api.listing import PAGING, entity_number, failures, list_of, listed, newest, paging_parameters
from api.params import Query
from api.scopes import READ
from api.serializers import ErrorSerializer, InboundSerializer
from sync import metrics
from sync.errors import BridgeError, NotFound
from sync.models import Inbound
from sync.registry import Registered, registry
from sync.webhooks.receive import Receipt, receive, webhook_of

log = structlog.get_logger("api")

TAKEN = inline_serializer(
    "WebhookTaken",
    {
        "id": serializers.UUIDField(help_text="Ours; the admin's page Webhooks shows it."),
        "status": serializers.ChoiceField(choices=("accepted", "repeated")),
        "rows": serializers.IntegerField(help_text="Written down, to go through the nine stages."),
        "keys": serializers.IntegerField(help_text="The far end is asked for each."),
        "deletes": serializers.IntegerField(),
    },
)
_SIGNATURE = [
    OpenApiParameter(name, str, OpenApiParameter.HEADER, required=True, description=words)
    for name, words in {
        "X-Signature": "`sha256=` and the HMAC-SHA256 of id, timestamp and body, joined by dots. Entities may"
        " declare other header names.",
        "X-Timestamp": "Seconds since 1970, when it was signed.",
        "X-Delivery-Id": "The same whenever the delivery is repeated.",
    }.items()
]


class WebhookView(APIView):
    """POST /api/v1/webhooks/{system}/{entity}: no token, but a signature."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="webhook_receive",
        tags=["webhooks"],
        summary="A far end tells that a record changed or was deleted, with the record or with its key only",
        auth=[],
        parameters=[
            OpenApiParameter("system", str, OpenApiParameter.PATH),
            OpenApiParameter("entity", str, OpenApiParameter.PATH),
            *_SIGNATURE,
        ],
        request={"application/json": {"type": "object", "description": "As the entity's Webhook declares."}},
        responses={
            202: OpenApiResponse(TAKEN, "Written down; what follows is done by jobs."),
            200: OpenApiResponse(TAKEN, "It came before; nothing is done twice."),
            401: OpenApiResponse(ErrorSerializer, "Signature missing, wrong or too old."),
            413: OpenApiResponse(ErrorSerializer, "The body is too large."),
            **{
                status: words for status, words in failures(400, 404, 503).items() if status not in (401, 403)
            },
        },
    )
    def post(self, request: Request, system: str, entity: str) -> Response:
        """202, or 200 for a delivery that was here before."""
        with counted(f"{system}.{entity}"):
            registered = _declared(f"{system}.{entity}")
            receipt = _receive(request, registered)
        outcome = "accepted" if receipt.created else "repeated"
        metrics.webhooks.labels(entity=registered.path, outcome=outcome).inc()
        known = receipt.inbound
        content = {"id": str(known.id), "status": outcome, **known.told}
        return Response(content, status=202 if receipt.created else 200)


class WebhooksView(APIView):
    """The list of what came in."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(
        operation_id="webhooks_list",
        tags=["webhooks"],
        summary="What far ends told, newest first, and what became of it",
        parameters=paging_parameters(
            OpenApiParameter("entity", str, description="Such as netsuite.customers"),
            OpenApiParameter("state", str, enum=Inbound.State.values),
        ),
        responses={200: list_of("WebhookList", InboundSerializer), **failures(400, 404)},
    )
    def get(self, request: Request) -> Response:
        """A page of them."""
        query = Query(request, known=("entity", "state", *PAGING))
        rows = Inbound.objects.select_related("entity").defer("body")
        if state := query.choice("state", Inbound.State.values):
            rows = rows.filter(state=state)
        number = entity_number(query)
        page, after = newest(rows if number is None else rows.filter(entity_id=number), query)
        return Response(listed(InboundSerializer(page, many=True).data, after))


@contextmanager
def counted(path: str) -> Iterator[None]:
    """Count and log a refusal by its code; a name that is not declared never becomes a label."""
    try:
        yield
    except BridgeError as error:
        entity = path if path in registry else ""
        metrics.webhooks.labels(entity=entity, outcome=error.code).inc()
        log.warning("webhook refused", entity=entity, code=error.code, reason=error.message)
        raise


def _declared(path: str) -> Registered:
    """Without the names there are: whoever asks is not known yet."""
    if path not in registry:
        raise NotFound("No entity has that name.", code="unknown_entity")
    return registry.find(path)


def _receive(request: Request, registered: Registered) -> Receipt:
    most = webhook_of(registered).largest
    body = request._request.body
    if len(body) > most:
        message = f"The body has {len(body)} bytes; at most {most} are taken here."
        raise Refusal(413, "body_too_large", message, detail={"most": most})
    return receive(registered, request.headers, body, request_id=request_id(request))
