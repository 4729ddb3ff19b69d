"""What is paused: queues, entities and systems whose jobs are not started; pause one, let it go on."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, OpenApiRequest, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.auth import actor
from api.listing import failures, list_of, listed
from api.params import Query, body, word
from api.scopes import OPERATE, READ
from sync.errors import InvalidRequest
from sync.jobs import pauses

SCOPE = OpenApiParameter(
    "scope",
    str,
    OpenApiParameter.PATH,
    description="queue:sync, system:netsuite or entity:netsuite.customers",
)
PAUSE = inline_serializer(
    "PauseAsked",
    {
        "scope": serializers.CharField(help_text="queue:…, system:…, or an entity by its path"),
        "reason": serializers.CharField(required=False),
    },
)
RESUME = inline_serializer("ResumeAsked", {"reason": serializers.CharField(required=False)})


class PauseSerializer(serializers.Serializer[Any]):
    """None of its jobs is started; those that run go on."""

    scope = serializers.CharField(help_text="queue:…, entity:… or system:…")
    since = serializers.DateTimeField(allow_null=True)
    by = serializers.CharField(allow_null=True)
    reason = serializers.CharField(allow_null=True)


def shown(found: list[pauses.Pause]) -> list[dict[str, Any]]:
    """Pauses as the API shows them."""
    return [dict(PauseSerializer(asdict(one)).data) for one in found]


LIST = list_of("PauseList", PauseSerializer)


class PausesView(APIView):
    """What is paused, and one more."""

    scopes: ClassVar = {"GET": READ, "POST": OPERATE}

    @extend_schema(
        operation_id="pauses_list",
        tags=["limits"],
        summary="What is paused; there is little, so there are no pages",
        responses={200: LIST, **failures()},
    )
    def get(self, request: Request) -> Response:
        """All of it, by scope."""
        Query(request, known=())
        return Response(listed(shown(pauses.in_force()), None))

    @extend_schema(
        operation_id="pauses_create",
        tags=["limits"],
        summary="Pause a queue, an entity or a system; what runs goes on",
        request=OpenApiRequest(PAUSE),
        responses={201: PauseSerializer, **failures(400, 404, 409)},
    )
    def post(self, request: Request) -> Response:
        """The pause."""
        Query(request, known=())
        data = body(request, known=("scope", "reason"))
        scope = word(data, "scope")
        if scope is None:
            raise InvalidRequest("Say what: scope is queue:…, system:… or an entity.", code="bad_parameter")
        made = pauses.pause(scope, by=actor(request), reason=word(data, "reason"))
        return Response(shown([made])[0], status=201)


class PauseResumeView(APIView):
    """Let it go on."""

    scopes: ClassVar = {"POST": OPERATE}

    @extend_schema(
        operation_id="pauses_resume",
        tags=["limits"],
        summary="Let its jobs start again",
        parameters=[SCOPE],
        request=OpenApiRequest(RESUME),
        responses={200: LIST, **failures(400, 404, 409)},
    )
    def post(self, request: Request, scope: str) -> Response:
        """What is paused still."""
        Query(request, known=())
        data = body(request, known=("reason",))
        pauses.resume(scope, by=actor(request), reason=word(data, "reason"))
        return Response(listed(shown(pauses.in_force()), None))
