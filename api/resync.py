"""Reading an entity anew, all of it: POST /api/v1/resync/start, with a preview."""

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
from api.scopes import OPERATE
from api.serializers import JobSerializer
from sync import resync
from sync.errors import InvalidRequest
from sync.registry import registry

MODE_HELP = "keep: records are served while they are read anew. empty: they are marked deleted first."
ASKED = inline_serializer(
    "ResyncRequest",
    {
        "entity": serializers.CharField(help_text="Such as netsuite.customers, or a bare name."),
        "mode": serializers.ChoiceField(resync.MODES, required=False, help_text=MODE_HELP),
        "preview": serializers.BooleanField(required=False, help_text="Only tell what would be touched."),
        "confirm": serializers.CharField(required=False, help_text="For `empty`: the entity's full path."),
        "reason": serializers.CharField(required=False, help_text="Kept in the audit."),
    },
)
_CHILD: dict[str, Any] = {"entity": serializers.CharField(), "records": serializers.IntegerField()}
_TOLD: dict[str, Any] = {
    "entity": serializers.CharField(),
    "mode": serializers.ChoiceField(resync.MODES),
    "records": serializers.IntegerField(help_text="Live ones."),
    "failed_records": serializers.IntegerField(help_text="Open ones, discarded by `empty`."),
    "mended_records": serializers.IntegerField(help_text="Their mends are forgotten by `empty`."),
    "pending_children": serializers.IntegerField(help_text="Waiting rows, dropped by `empty`."),
    "proposals": serializers.IntegerField(help_text="Deletes to be decided, ended by `empty`."),
    "children": inline_serializer("ResyncChildren", _CHILD, many=True),
    "targets": serializers.DictField(
        child=serializers.IntegerField(),
        help_text="Records each target has; not read again in time, they go.",
    ),
    "undo_hours": serializers.FloatField(allow_null=True, help_text="How long that is."),
    "jobs": serializers.IntegerField(help_text="Of the entity, not ended."),
    "backfills": serializers.IntegerField(help_text="Under way."),
    "far_end": serializers.CharField(allow_null=True, help_text="Why it cannot be asked; null: it answers."),
}
PREVIEW: Any = inline_serializer("ResyncPreview", _TOLD)


class ResyncStartView(APIView):
    """POST /api/v1/resync/start."""

    scopes: ClassVar = {"POST": OPERATE}

    @extend_schema(
        operation_id="resync_start",
        tags=["sync"],
        summary="Read an entity anew, all of it; with `preview` only tell what would be touched",
        request=OpenApiRequest(ASKED),
        responses={200: PREVIEW, 202: JobSerializer, **failures(400, 404, 409)},
    )
    def post(self, request: Request) -> Response:
        """202 with the job, 200 with a preview."""
        Query(request, known=())
        data = body(request, known=("entity", "mode", "preview", "confirm", "reason"))
        name, mode = word(data, "entity"), word(data, "mode") or "keep"
        if not name:
            raise InvalidRequest('Name the entity: {"entity": "netsuite.customers"}.', code="bad_parameter")
        registered = registry.find(name)
        if truth(data, "preview"):
            return Response(resync.preview(registered, mode).told())
        confirm, reason = word(data, "confirm"), word(data, "reason")
        job = resync.start(registered, mode, by=actor(request), confirm=confirm, reason=reason)
        return Response(shown([job])[0], status=202, headers={"Location": f"/api/v1/jobs/{job.pk}"})
