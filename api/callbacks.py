"""The public door for what far ends report of commands: no token, but a signature."""

from __future__ import annotations

from uuid import UUID

import structlog
from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.errors import Refusal
from api.listing import failures
from api.params import identifier
from api.serializers import ErrorSerializer
from sync import metrics
from sync.commands.callbacks import Delivery, Receipt, receive
from sync.commands.declared import Declared, UnknownCommand, find
from sync.errors import BridgeError, NotFound

log = structlog.get_logger("api")

NOTED = inline_serializer(
    "CallbackNoted",
    {
        "command": serializers.UUIDField(),
        "status": serializers.ChoiceField(choices=("accepted", "repeated")),
    },
)


class CallbackView(APIView):
    """POST /api/v1/callbacks/{system}/{command}[/{id}]."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="callback_receive",
        tags=["commands"],
        summary="A far end reports what became of a command; without the id its own one says of which",
        auth=[],
        parameters=[
            OpenApiParameter("system", str, OpenApiParameter.PATH),
            OpenApiParameter("name", str, OpenApiParameter.PATH),
            OpenApiParameter("command_id", OpenApiTypes.UUID, OpenApiParameter.PATH),
        ],
        request={
            kind: {"type": "object", "description": "As the far end sends it."}
            for kind in ("application/json", "application/x-www-form-urlencoded")
        },
        responses={
            200: OpenApiResponse(NOTED, "Noted, or it came before and has no second effect."),
            401: OpenApiResponse(ErrorSerializer, "Signature missing, wrong or too old."),
            413: OpenApiResponse(ErrorSerializer, "The body is too large."),
            **{
                status: told
                for status, told in failures(400, 404, 409, 503).items()
                if status not in (401, 403)
            },
        },
    )
    def post(self, request: Request, system: str, name: str, command_id: str | None = None) -> Response:
        """200 for whatever is proven to be the far end's own."""
        path = f"{system}.{name}"
        try:
            known = _declared(path)
            receipt = _receive(
                request, known, None if command_id is None else identifier("command", command_id)
            )
        except (BridgeError, Refusal) as error:
            label = "" if error.code == "unknown_command" else path
            metrics.callbacks.labels(command=label, outcome=error.code).inc()
            log.warning("callback refused", command=label, code=error.code, reason=error.message)
            raise
        status = "accepted" if receipt.created else "repeated"
        metrics.callbacks.labels(command=known.path, outcome=status).inc()
        return Response({"command": str(receipt.command.pk), "status": status})


class UnnamedCallbackView(CallbackView):
    """The same without an id: the far end's own says which command is meant."""

    @extend_schema(exclude=True)
    def post(self, request: Request, system: str, name: str, command_id: str | None = None) -> Response:
        """As with an id."""
        return super().post(request, system, name, command_id)


def _declared(path: str) -> Declared:
    """Without the names there are: whoever asks is not known yet."""
    try:
        return find(path)
    except UnknownCommand as error:
        raise NotFound("No command has that name.", code=error.code) from None


def _receive(request: Request, known: Declared, command_id: UUID | None) -> Receipt:
    body = request._request.body
    most = known.command.callback.largest if known.command.callback else 0
    if most and len(body) > most:
        message = f"The body has {len(body)} bytes; at most {most} are taken here."
        raise Refusal(413, "body_too_large", message, detail={"most": most})
    public = settings.BRIDGE_PUBLIC_URL
    delivery = Delivery(
        address=f"{public}{request.get_full_path()}" if public else None,
        headers=request.headers,
        body=body,
        command_id=command_id,
    )
    return receive(known, delivery)
