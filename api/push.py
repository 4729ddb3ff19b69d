"""Asking for a push, a dry run of one, or a comparison: POST /api/v1/push/start and /api/v1/reconcile/start."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiRequest, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.auth import actor
from api.jobs import shown
from api.listing import failures
from api.params import Query, body, truth, word
from api.scopes import SYNC
from api.serializers import JobSerializer
from sync.errors import InvalidRequest
from sync.jobs.enqueue import Enqueued
from sync.registry import Registered, registry
from sync.targets.acts import start_reconcile
from sync.targets.asking import start_push

ASKED = inline_serializer(
    "PushRequest",
    {
        "target": serializers.CharField(help_text="Such as schedulehub."),
        "entity": serializers.CharField(help_text="Such as apismith.items."),
        "dry_run": serializers.BooleanField(
            required=False, help_text="Write nothing; the job's `result` tells what would be done."
        ),
        "reason": serializers.CharField(required=False, help_text="Kept in the audit."),
    },
)


class PushStartView(APIView):
    """POST /api/v1/push/start."""

    scopes: ClassVar = {"POST": SYNC}

    @extend_schema(
        operation_id="push_start",
        tags=["targets"],
        summary="Write what changed in an entity to a target",
        request=OpenApiRequest(ASKED),
        responses={202: JobSerializer, **failures(400, 404)},
    )
    def post(self, request: Request) -> Response:
        """202 with the job; an unfinished one for the same is joined."""
        registered, target, given = _asked(request)
        return _accepted(start_push(registered, target, by=actor(request), **given))


class ReconcileStartView(APIView):
    """POST /api/v1/reconcile/start."""

    scopes: ClassVar = {"POST": SYNC}

    @extend_schema(
        operation_id="reconcile_start",
        tags=["targets"],
        summary="Compare a target with the mirror and push again what differs",
        request=OpenApiRequest(ASKED),
        responses={202: JobSerializer, **failures(400, 404)},
    )
    def post(self, request: Request) -> Response:
        """202 with the job."""
        registered, target, given = _asked(request)
        return _accepted(start_reconcile(registered, target, by=actor(request), **given))


def _asked(request: Request) -> tuple[Registered, str, dict[str, Any]]:
    Query(request, known=())
    data = body(request, known=("target", "entity", "dry_run", "reason"))
    target, entity = word(data, "target"), word(data, "entity")
    if not target or not entity:
        message = 'Name both: {"target": "schedulehub", "entity": "apismith.items"}.'
        raise InvalidRequest(message, code="bad_parameter")
    given = {"dry_run": truth(data, "dry_run"), "reason": word(data, "reason")}
    return registry.find(entity), target, given


def _accepted(wanted: Enqueued) -> Response:
    location = f"/api/v1/jobs/{wanted.job.id}"
    return Response(shown([wanted.job])[0], status=202, headers={"Location": location})
