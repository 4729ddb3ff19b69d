"""Workers: who lives, who takes jobs; drain them before a deploy, and let them take jobs again."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiRequest, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.auth import actor
from api.listing import failures
from api.params import Query, body, word
from api.scopes import OPERATE, READ
from sync.jobs import fleet

_NAME: dict[str, Any] = {
    "required": False,
    "help_text": "Only this one; without it all, those too that start later.",
}
DRAIN = inline_serializer(
    "WorkersDrain",
    {
        "worker": serializers.CharField(**_NAME),
        "wait": serializers.IntegerField(
            required=False,
            help_text="Seconds for what runs to end by itself (BRIDGE_DRAIN_SECONDS, 60); then it is handed back.",
        ),
        "reason": serializers.CharField(required=False),
    },
)
RESUME = inline_serializer(
    "WorkersResume",
    {"worker": serializers.CharField(**_NAME), "reason": serializers.CharField(required=False)},
)


class WorkerSerializer(serializers.Serializer[Any]):
    """A worker process that was heard of lately."""

    name = serializers.CharField()
    host = serializers.CharField()
    pid = serializers.IntegerField()
    version = serializers.CharField()
    queues = serializers.ListField(child=serializers.CharField())
    kinds = serializers.ListField(
        child=serializers.CharField(), help_text="of jobs, to which it was limited; empty: all"
    )
    started_at = serializers.DateTimeField()
    heard_at = serializers.DateTimeField()
    draining_since = serializers.DateTimeField(allow_null=True, help_text="of this one by itself")


class WorkersSerializer(serializers.Serializer[Any]):
    """All workers, and whether they take jobs."""

    draining_since = serializers.DateTimeField(allow_null=True, help_text="null: jobs are taken")
    hand_back_at = serializers.DateTimeField(
        allow_null=True, help_text="Until then what runs may end by itself."
    )
    drained_by = serializers.CharField(allow_null=True)
    reason = serializers.CharField(allow_null=True)
    running = serializers.IntegerField(help_text="Jobs that run now.")
    workers = WorkerSerializer(many=True)


def shown() -> dict[str, Any]:
    """Workers as the API shows them."""
    state = {**fleet.state(), "running": fleet.running(), "workers": list(fleet.living())}
    return dict(WorkersSerializer(state).data)


class WorkersView(APIView):
    """Who lives."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(
        operation_id="workers_read",
        tags=["workers"],
        summary="The workers heard of lately, and whether they take jobs",
        responses={200: WorkersSerializer, **failures()},
    )
    def get(self, request: Request) -> Response:
        """All of them; there are few."""
        Query(request, known=())
        return Response(shown())


class DrainView(APIView):
    """Let workers take no more jobs."""

    scopes: ClassVar = {"POST": OPERATE}

    @extend_schema(
        operation_id="workers_drain",
        tags=["workers"],
        summary="Take no more jobs; what runs ends or is handed back, which burns no try",
        request=OpenApiRequest(DRAIN),
        responses={200: WorkersSerializer, **failures(400, 404)},
    )
    def post(self, request: Request) -> Response:
        """The state as it is now: `running` is 0 when all is drained."""
        Query(request, known=())
        data = body(request, known=("worker", "wait", "reason"))
        wait = data.get("wait")
        fleet.drain(by=actor(request), worker=word(data, "worker"), wait=wait, reason=word(data, "reason"))
        return Response(shown())


class ResumeView(APIView):
    """Let workers take jobs again."""

    scopes: ClassVar = {"POST": OPERATE}

    @extend_schema(
        operation_id="workers_resume",
        tags=["workers"],
        summary="Take jobs again",
        request=OpenApiRequest(RESUME),
        responses={200: WorkersSerializer, **failures(400, 404)},
    )
    def post(self, request: Request) -> Response:
        """The state as it is now."""
        Query(request, known=())
        data = body(request, known=("worker", "reason"))
        fleet.resume(by=actor(request), worker=word(data, "worker"), reason=word(data, "reason"))
        return Response(shown())
