"""Asking for a sync: POST /api/v1/sync/start, and the older door /admin/sync."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiRequest, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.auth import Client, HasScope, ServiceToken, actor
from api.job_message import JobMessageSerializer, message_of
from api.jobs import find
from api.listing import failures
from api.params import Query, body, truth, whole, word
from api.record import COME_BACK
from api.scopes import READ, SYNC
from sync.errors import InvalidRequest
from sync.jobs.enqueue import Enqueued
from sync.registry import registry
from sync.start import MOST_PAGES, start_dry_run, start_sync

MAY_OPERATE = "sync.operate_job"

ASKED = inline_serializer(
    "SyncRequest",
    {
        "entity": serializers.CharField(
            required=False, help_text="Such as netsuite.customers, or a bare name."
        ),
        "module": serializers.CharField(required=False, help_text="The same, under its older name."),
        "since": serializers.CharField(
            required=False, allow_null=True, help_text="ISO 8601; only what changed since. Not with `full`."
        ),
        "full": serializers.BooleanField(required=False, help_text="Read everything."),
        "dry_run": serializers.BooleanField(
            required=False, help_text="Only tell what would be done: the job's `result` is the report."
        ),
        "pages": serializers.IntegerField(
            required=False,
            min_value=1,
            max_value=MOST_PAGES,
            help_text="Of a dry run, at most; 100 by default.",
        ),
        "reason": serializers.CharField(required=False, help_text="Kept in the audit."),
    },
)
STARTED = inline_serializer(
    "SyncStarted",
    {
        "job_id": serializers.UUIDField(),
        "entity": serializers.CharField(),
        "status": serializers.CharField(),
        "created": serializers.BooleanField(
            help_text="false: an unfinished job for the same request was joined."
        ),
        "location": serializers.CharField(),
    },
)


class SyncStartView(APIView):
    """POST /api/v1/sync/start."""

    scopes: ClassVar = {"POST": SYNC}

    @extend_schema(
        operation_id="sync_start",
        tags=["sync"],
        summary="Ask for a sync of an entity",
        request=OpenApiRequest(ASKED),
        responses={202: STARTED, **failures(400, 404)},
    )
    def post(self, request: Request) -> Response:
        """202 with the job."""
        wanted = _start(request)
        location = f"/api/v1/jobs/{wanted.job.id}"
        content = {
            "job_id": str(wanted.job.id),
            "entity": wanted.job.entity.path if wanted.job.entity else None,
            "status": wanted.job.status,
            "created": wanted.created,
            "location": location,
        }
        return Response(content, status=202, headers={"Location": location, "Retry-After": str(COME_BACK)})


class SyncDoor(BasePermission):
    """A token with the scope, or a user of the admin who may operate jobs."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whoever may; SessionAuthentication has checked the CSRF token by now."""
        if isinstance(request.user, Client):
            return HasScope().has_permission(request, view)
        return bool(request.user) and request.user.has_perm(MAY_OPERATE)


class AdminSyncView(APIView):
    """POST /admin/sync."""

    scopes: ClassVar = {"POST": SYNC}
    authentication_classes = (ServiceToken, SessionAuthentication)
    permission_classes = (SyncDoor,)

    @extend_schema(
        operation_id="admin_sync_start",
        tags=["sync"],
        summary="Ask for a sync, in the words of the first Bridge",
        request=OpenApiRequest(ASKED),
        responses={202: JobMessageSerializer, **failures(400, 404)},
    )
    def post(self, request: Request) -> Response:
        """202 with the job's message."""
        wanted = _start(request)
        content = {**message_of(wanted.job), "created": wanted.created}
        return Response(content, status=202, headers={"Location": f"/admin/sync/{wanted.job.id}"})


class AdminSyncJobView(APIView):
    """GET /admin/sync/{jobId}."""

    scopes: ClassVar = {"GET": READ}
    authentication_classes = (ServiceToken, SessionAuthentication)
    permission_classes = (SyncDoor,)

    @extend_schema(
        operation_id="admin_sync_read",
        tags=["sync"],
        summary="A job, in the words of the first Bridge",
        parameters=[OpenApiParameter("job_id", OpenApiTypes.UUID, OpenApiParameter.PATH)],
        responses={200: JobMessageSerializer, **failures(404)},
    )
    def get(self, request: Request, job_id: str) -> Response:
        """The job's message."""
        Query(request, known=())
        return Response(message_of(find(job_id)))


def _start(request: Request) -> Enqueued:
    Query(request, known=())
    data = body(request, known=("entity", "module", "since", "full", "dry_run", "pages", "reason"))
    name, module = word(data, "entity"), word(data, "module")
    if name and module and name != module:
        raise InvalidRequest("Name one `entity`; `module` is only its older name.", code="bad_parameter")
    if not (name or module):
        raise InvalidRequest('Name the entity: {"entity": "netsuite.customers"}.', code="bad_parameter")
    registered = registry.find(name or module or "")
    since, full = _since(data.get("since")), truth(data, "full")
    pages, reason = whole(data, "pages"), word(data, "reason")
    if truth(data, "dry_run"):
        return start_dry_run(
            registered, since=since, full=full, pages=pages, by=actor(request), reason=reason
        )
    if pages is not None:
        raise InvalidRequest("`pages` bounds a dry run: a sync reads all.", code="bad_parameter")
    return start_sync(registered, since=since, full=full, by=actor(request), reason=reason)


def _since(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        raise InvalidRequest("since must be a moment such as 2025-12-08T10:30:00Z.", code="bad_since")
    return value
