"""Groups of failures: look, own, snooze, preview, run all again, discard all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiRequest, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.auth import actor
from api.jobs import shown
from api.listing import PAGING, entity_number, failures, list_of, listed, newest, paging_parameters
from api.params import Query, body, identifier, later, truth, whole, word
from api.scopes import OPERATE, READ
from api.serializers import ErrorGroupSerializer, JobSerializer, PreviewSerializer
from sync import bulk
from sync import error_groups as acts
from sync.errors import Conflict, InvalidRequest
from sync.members import FILTERS, Members
from sync.models import ErrorGroup
from sync.preview import MOST, SAMPLE, preview

STATES = [*ErrorGroup.State.values, "all"]
ID = OpenApiParameter("group_id", OpenApiTypes.UUID, OpenApiParameter.PATH)
REASON = inline_serializer("ErrorGroupAct", {"reason": serializers.CharField(required=False)})
_TEXTS = {name: serializers.CharField(required=False) for name in FILTERS}
FILTER = inline_serializer("FailedRecordFilter", {**_TEXTS, "reason": serializers.CharField(required=False)})
SIZE = serializers.IntegerField(
    required=False, help_text=f"At most so many, the oldest: {SAMPLE} by default."
)
ALL = serializers.BooleanField(required=False, help_text=f"All of them, up to {MOST}.")
SAMPLED = inline_serializer("ErrorGroupPreviewAct", {"sample": SIZE, "all": ALL})
FILTER_SAMPLED = inline_serializer("FailedRecordFilterPreview", {**_TEXTS, "sample": SIZE, "all": ALL})
CHANGE = inline_serializer(
    "ErrorGroupChange",
    {
        "owner": serializers.CharField(required=False, allow_null=True),
        "remark": serializers.CharField(required=False, allow_null=True),
        "snoozed_until": serializers.DateTimeField(required=False, allow_null=True),
        "fixed_in": serializers.IntegerField(
            required=False, allow_null=True, help_text="The number of a mapping of its entity."
        ),
        "state": serializers.ChoiceField(choices=["open", "acknowledged", "resolved"], required=False),
        "reason": serializers.CharField(required=False),
    },
)
_READ: dict[str, Callable[[Mapping[str, Any], str], Any]] = {
    **dict.fromkeys(acts.CHANGED, word),
    "snoozed_until": later,
    "fixed_in": whole,
}
JOBS = inline_serializer("ErrorGroupJobs", {"jobs": JobSerializer(many=True)})
DISCARDED = inline_serializer("ErrorGroupDiscarded", {"discarded": serializers.IntegerField()})


class ErrorGroupsView(APIView):
    """The list of groups."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(
        operation_id="error_groups_list",
        tags=["error groups"],
        summary="Failures by their cause, the newest cause first",
        parameters=paging_parameters(
            OpenApiParameter("entity", str, description="Such as netsuite.customers"),
            OpenApiParameter(
                "state",
                str,
                enum=[*ErrorGroup.State.values, "all"],
                description="All but closed ones by default.",
            ),
            OpenApiParameter("kind", str, enum=ErrorGroup.Kind.values),
            OpenApiParameter("code", str),
            OpenApiParameter("owner", str),
            OpenApiParameter("snoozed", bool, description="true: also those that sleep."),
        ),
        responses={200: list_of("ErrorGroupList", ErrorGroupSerializer), **failures(400, 404)},
    )
    def get(self, request: Request) -> Response:
        """A page of groups."""
        query = Query(request, known=("entity", "state", "kind", "code", "owner", "snoozed", *PAGING))
        page, after = newest(_filtered(query), query)
        return Response(listed(_shown(page), after))


class ErrorGroupView(APIView):
    """One group."""

    scopes: ClassVar = {"GET": READ, "PATCH": OPERATE}

    @extend_schema(
        operation_id="error_groups_read",
        tags=["error groups"],
        summary="One group; its records are those of /failed-records?group=",
        parameters=[ID],
        responses={200: ErrorGroupSerializer, **failures(404)},
    )
    def get(self, request: Request, group_id: str) -> Response:
        """The group."""
        Query(request, known=())
        return Response(_shown([acts.find(identifier("error group", group_id))])[0])

    @extend_schema(
        operation_id="error_groups_change",
        tags=["error groups"],
        summary="Own it, remark on it, let it sleep, say what fixed it",
        parameters=[ID],
        request=OpenApiRequest(CHANGE),
        responses={200: ErrorGroupSerializer, **failures(400, 404, 409)},
    )
    def patch(self, request: Request, group_id: str) -> Response:
        """Set what is given; null takes it away."""
        Query(request, known=())
        given = body(request, known=(*acts.CHANGED, "reason"))
        changes = {name: _READ[name](given, name) for name in acts.CHANGED if name in given}
        number = identifier("error group", group_id)
        group = acts.change(number, changes, by=actor(request), reason=word(given, "reason"))
        return Response(_shown([group])[0])


class ErrorGroupRetryView(APIView):
    """POST /error-groups/{id}/retry."""

    scopes: ClassVar = {"POST": OPERATE}

    @extend_schema(
        operation_id="error_groups_retry",
        tags=["error groups"],
        summary="Run all its members again",
        parameters=[ID],
        request=OpenApiRequest(REASON),
        responses={202: JOBS, **failures(400, 404, 409)},
    )
    def post(self, request: Request, group_id: str) -> Response:
        """202 with the jobs that do it."""
        number = identifier("error group", group_id)
        reason = word(_given(request, "reason"), "reason")
        return Response({"jobs": shown(acts.retry(number, by=actor(request), reason=reason))}, status=202)


class ErrorGroupDiscardView(APIView):
    """POST /error-groups/{id}/discard."""

    scopes: ClassVar = {"POST": OPERATE}

    @extend_schema(
        operation_id="error_groups_discard",
        tags=["error groups"],
        summary="Discard all its members, until their rows or the mapping change; failed jobs are resolved",
        parameters=[ID],
        request=OpenApiRequest(REASON),
        responses={200: DISCARDED, **failures(400, 404)},
    )
    def post(self, request: Request, group_id: str) -> Response:
        """How many were closed."""
        number = identifier("error group", group_id)
        reason = word(_given(request, "reason"), "reason")
        return Response({"discarded": acts.discard(number, by=actor(request), reason=reason)})


class ErrorGroupPreviewView(APIView):
    """POST /error-groups/{id}/preview."""

    scopes: ClassVar = {"POST": OPERATE}

    @extend_schema(
        operation_id="error_groups_preview",
        tags=["error groups"],
        summary="What a retry would do; nothing is written",
        parameters=[ID],
        request=OpenApiRequest(SAMPLED),
        responses={200: PreviewSerializer, **failures(400, 404, 409)},
    )
    def post(self, request: Request, group_id: str) -> Response:
        """What became of the members that were tried."""
        group = acts.find(identifier("error group", group_id))
        given = _given(request, "sample", "all")
        if group.kind == ErrorGroup.Kind.JOB:
            raise Conflict("Only records can be tried without writing: these members are jobs.")
        return Response(preview(acts.members(group), most=_most(given)).told())


class FilterRetryView(APIView):
    """POST /error-groups/retry: of whatever a filter finds."""

    scopes: ClassVar = {"POST": OPERATE}

    @extend_schema(
        operation_id="failed_records_retry_many",
        tags=["error groups"],
        summary="Run again all open failed records that a filter finds",
        request=OpenApiRequest(FILTER),
        responses={202: JOBS, **failures(400, 404)},
    )
    def post(self, request: Request) -> Response:
        """202 with the jobs that do it, one an entity."""
        given = _given(request, *FILTERS, "reason")
        jobs = bulk.retry(_members(given), by=actor(request), reason=word(given, "reason"))
        return Response({"jobs": shown(jobs)}, status=202)


class FilterDiscardView(APIView):
    """POST /error-groups/discard: of whatever a filter finds."""

    scopes: ClassVar = {"POST": OPERATE}

    @extend_schema(
        operation_id="failed_records_discard_many",
        tags=["error groups"],
        summary="Discard all open failed records that a filter finds, until their rows or the mapping change",
        request=OpenApiRequest(FILTER),
        responses={200: DISCARDED, **failures(400, 404)},
    )
    def post(self, request: Request) -> Response:
        """How many were closed."""
        given = _given(request, *FILTERS, "reason")
        number = bulk.discard(_members(given), by=actor(request), reason=word(given, "reason"))
        return Response({"discarded": number})


class FilterPreviewView(APIView):
    """POST /error-groups/preview: of whatever a filter finds."""

    scopes: ClassVar = {"POST": OPERATE}

    @extend_schema(
        operation_id="failed_records_preview_many",
        tags=["error groups"],
        summary="What a retry of what a filter finds would do; nothing is written",
        request=OpenApiRequest(FILTER_SAMPLED),
        responses={200: PreviewSerializer, **failures(400, 404, 409)},
    )
    def post(self, request: Request) -> Response:
        """What became of the records that were tried."""
        given = _given(request, *FILTERS, "sample", "all")
        return Response(preview(_members(given), most=_most(given)).told())


def _filtered(query: Query) -> QuerySet[ErrorGroup]:
    rows = ErrorGroup.objects.select_related("entity", "fixed_in")
    state = query.choice("state", STATES)
    if state is None:
        rows = rows.exclude(state=ErrorGroup.State.CLOSED)
    elif state != "all":
        rows = rows.filter(state=state)
    if not query.flag("snoozed"):
        rows = rows.filter(Q(snoozed_until=None) | Q(snoozed_until__lte=timezone.now()))
    if kind := query.choice("kind", ErrorGroup.Kind.values):
        rows = rows.filter(kind=kind)
    rows = rows.filter(**{name: query.text(name) for name in ("code", "owner") if query.text(name)})
    number = entity_number(query)
    return rows if number is None else rows.filter(entity_id=number)


def _shown(groups: list[ErrorGroup]) -> list[dict[str, Any]]:
    counts = acts.counts(groups)
    for group in groups:
        group.__dict__["members"] = counts[group.pk]
    return [dict(item) for item in ErrorGroupSerializer(groups, many=True).data]


def _given(request: Request, *known: str) -> dict[str, Any]:
    Query(request, known=())
    return dict(body(request, known=known))


def _members(given: dict[str, Any]) -> Members:
    return Members.of_filter({name: word(given, name) for name in FILTERS})


def _most(given: dict[str, Any]) -> int:
    if truth(given, "all"):
        return MOST
    sample = given.get("sample", SAMPLE)
    if isinstance(sample, bool) or not isinstance(sample, int) or not 1 <= sample <= MOST:
        raise InvalidRequest(f"sample must be a whole number from 1 to {MOST}.", code="bad_parameter")
    return sample
