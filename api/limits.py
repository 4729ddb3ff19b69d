"""Limits: how many jobs of an entity or a system run at once; look, set, pause."""

from __future__ import annotations

from collections.abc import Sequence
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
from sync.jobs import limit_acts
from sync.models import ScopeLimit

SCOPE = OpenApiParameter(
    "scope", str, OpenApiParameter.PATH, description="Such as entity:netsuite.customers or system:netsuite"
)
CHANGE = inline_serializer(
    "LimitChange",
    {
        "most": serializers.IntegerField(
            required=False, allow_null=True, help_text="1 to 1000; null for no limit, of systems only."
        ),
        "paused": serializers.BooleanField(required=False),
        "reason": serializers.CharField(required=False),
    },
)


class LimitSerializer(serializers.Serializer[Any]):
    """How many jobs of a scope run at once, over all workers."""

    scope = serializers.CharField(help_text="entity:… and replay:… of an entity, system:…, backfill:…")
    most = serializers.IntegerField(allow_null=True, help_text="null: no limit")
    paused = serializers.BooleanField(help_text="None of its jobs is started; those that run go on.")
    running = serializers.IntegerField()
    waiting = serializers.IntegerField(help_text="Jobs that wait for room; counted up to 1000.")


def shown(rows: Sequence[ScopeLimit]) -> list[dict[str, Any]]:
    """Limits as the API shows them."""
    used, paused = limit_acts.use([row.scope for row in rows]), limit_acts.held(rows)
    items = [
        {"scope": row.scope, "most": row.most, "paused": row.scope in paused, **asdict(used[row.scope])}
        for row in rows
    ]
    return [dict(item) for item in LimitSerializer(items, many=True).data]


class LimitsView(APIView):
    """The list of limits."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(
        operation_id="limits_list",
        tags=["limits"],
        summary="Every limit; there are few, so there are no pages",
        responses={200: list_of("LimitList", LimitSerializer), **failures()},
    )
    def get(self, request: Request) -> Response:
        """All limits, by scope."""
        Query(request, known=())
        return Response(listed(shown(list(ScopeLimit.objects.order_by("scope"))), None))


class LimitView(APIView):
    """One limit."""

    scopes: ClassVar = {"GET": READ, "PATCH": OPERATE}

    @extend_schema(
        operation_id="limits_read",
        tags=["limits"],
        summary="One limit",
        parameters=[SCOPE],
        responses={200: LimitSerializer, **failures(404)},
    )
    def get(self, request: Request, scope: str) -> Response:
        """The limit."""
        Query(request, known=())
        return Response(shown([limit_acts.find(scope)])[0])

    @extend_schema(
        operation_id="limits_change",
        tags=["limits"],
        summary="Set it, pause it or let it go on; what runs goes on",
        parameters=[SCOPE],
        request=OpenApiRequest(CHANGE),
        responses={200: LimitSerializer, **failures(400, 404, 409)},
    )
    def patch(self, request: Request, scope: str) -> Response:
        """The limit as changed; what there is room for starts at once."""
        Query(request, known=())
        data = body(request, known=("most", "paused", "reason"))
        changes = {name: data[name] for name in ("most", "paused") if name in data}
        if not changes:
            raise InvalidRequest("Say most, paused or both.", code="bad_limit")
        row = limit_acts.change(scope, by=actor(request), reason=word(data, "reason"), **changes)
        return Response(shown([row])[0])
