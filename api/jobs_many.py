"""POST /jobs/bulk: one act on all jobs that a filter finds, whatever a list shows of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiRequest, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.auth import actor
from api.jobs import shown
from api.listing import failures
from api.params import Query, body, storable, truth, word
from api.scopes import OPERATE
from api.serializers import JobSerializer
from sync.errors import InvalidRequest
from sync.jobs import many, together
from sync.jobs.selecting import Selection

ASKED = inline_serializer(
    "JobsBulk",
    {
        "act": serializers.ChoiceField(choices=list(together.ACTS)),
        "where": serializers.JSONField(
            help_text='What /jobs takes as filter: {"status": "failed", "code": "…", "params.target": "hub"}.'
        ),
        "preview": serializers.BooleanField(required=False, help_text="Only tell what it would find."),
        "per_second": serializers.FloatField(required=False, help_text="At most so many jobs a second."),
        "reason": serializers.CharField(required=False, help_text="Kept in the audit and in each job's log."),
    },
)
PREVIEW = inline_serializer(
    "JobsBulkPreview",
    {
        "act": serializers.CharField(),
        "found": serializers.IntegerField(
            help_text=f"Jobs that the filter finds; more than {many.MOST} are refused."
        ),
        "fit": serializers.IntegerField(help_text="For which the act makes sense as they stand."),
        "refused": serializers.DictField(child=serializers.IntegerField(), help_text="The others, by state."),
        "sample": serializers.ListField(child=serializers.UUIDField(), help_text="The oldest that fit."),
    },
)


class JobsBulkView(APIView):
    """The act, or a preview of it."""

    scopes: ClassVar = {"POST": OPERATE}

    @extend_schema(
        operation_id="jobs_bulk",
        tags=["jobs"],
        summary="Retry, cancel or resolve all jobs that a filter finds; with `preview` only tell how many",
        request=OpenApiRequest(ASKED),
        responses={200: PREVIEW, 202: JobSerializer, **failures(400, 404)},
    )
    def post(self, request: Request) -> Response:
        """202 with the job that does it, 200 with a preview."""
        Query(request, known=())
        data = body(request, known=("act", "where", "preview", "per_second", "reason"))
        selection, act = selected(data.get("where")), word(data, "act") or ""
        if truth(data, "preview"):
            return Response(many.preview(selection, act).told())
        job = many.start(
            selection,
            act,
            by=actor(request),
            reason=word(data, "reason"),
            per_second=_pace(data.get("per_second")),
        )
        return Response(shown([job])[0], status=202, headers={"Location": f"/api/v1/jobs/{job.pk}"})


def selected(where: Any) -> Selection:
    """The selection of a filter; `params` may be an object too. Raises InvalidRequest."""
    if not isinstance(where, Mapping):
        raise InvalidRequest('Say which jobs: {"where": {"status": "failed"}}.', code="filter_missing")
    given = dict(storable("where", where))
    params = given.pop("params", {})
    if not isinstance(params, Mapping):
        raise InvalidRequest("params must be an object of paths and values.", code="bad_parameter")
    return Selection.of({**given, **{f"params.{path}": value for path, value in params.items()}})


def _pace(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidRequest("per_second must be a number.", code="bad_parameter")
    return float(value)
