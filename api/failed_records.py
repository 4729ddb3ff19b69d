"""Failed records: look, mend (PATCH), run again, discard, reopen."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiRequest, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.auth import actor
from api.exact_json import ExactJSONParser
from api.jobs import shown
from api.listing import PAGING, entity_number, failures, list_of, listed, newest, paging_parameters
from api.params import Query, body, identifier, word
from api.scopes import OPERATE, READ
from api.serializers import FailedRecordDetailSerializer, FailedRecordSerializer, JobSerializer
from sync import failures as acts
from sync.error_groups import find as find_group
from sync.error_groups import group_of
from sync.errors import InvalidRequest, NotFound
from sync.models import FailedRecord

FILTERS = ("entity", "state", "stage", "code", "group")
ID = OpenApiParameter("failed_id", OpenApiTypes.UUID, OpenApiParameter.PATH)
# Of a list: without the rows' contents, which may be large.
COLUMNS = (
    *("entity__path", "state", "stage", "code", "field", "message", "attempts", "times_seen"),
    *("first_seen_at", "last_seen_at", "next_try_at", "closed_at", "closed_by", "remark"),
)
REASON = inline_serializer("FailedRecordAct", {"reason": serializers.CharField(required=False)})
MEND = inline_serializer(
    "FailedRecordMend",
    {
        "data": serializers.DictField(help_text="Values laid over `input`: the names are those of `input`."),
        "reason": serializers.CharField(required=False),
    },
)


class FailedRecordsView(APIView):
    """The list of failed records."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(
        operation_id="failed_records_list",
        tags=["failed records"],
        summary="Failed records, newest first",
        parameters=paging_parameters(
            OpenApiParameter("entity", str, description="Such as netsuite.customers"),
            OpenApiParameter("state", str, enum=FailedRecord.State.values),
            OpenApiParameter("stage", str),
            OpenApiParameter("code", str),
            OpenApiParameter("group", OpenApiTypes.UUID, description="Of this error group."),
        ),
        responses={200: list_of("FailedRecordList", FailedRecordSerializer), **failures(400, 404)},
    )
    def get(self, request: Request) -> Response:
        """A page of failed records."""
        query = Query(request, known=(*FILTERS, *PAGING))
        page, after = newest(_filtered(query), query)
        return Response(listed(FailedRecordSerializer(page, many=True).data, after))


class FailedRecordView(APIView):
    """One failed record."""

    scopes: ClassVar = {"GET": READ, "PATCH": OPERATE}
    parser_classes = (ExactJSONParser,)

    @extend_schema(
        operation_id="failed_records_read",
        tags=["failed records"],
        summary="One failed record: raw, normalized, mapped, and all its errors",
        parameters=[ID],
        responses={200: FailedRecordDetailSerializer, **failures(404)},
    )
    def get(self, request: Request, failed_id: str) -> Response:
        """The failed record."""
        Query(request, known=())
        return Response(_detailed(_find(failed_id)))

    @extend_schema(
        operation_id="failed_records_mend",
        tags=["failed records"],
        summary="Mend the input of the stage that refused it; a retry then uses it",
        parameters=[ID],
        request=OpenApiRequest(MEND),
        responses={200: FailedRecordDetailSerializer, **failures(400, 404, 409)},
    )
    def patch(self, request: Request, failed_id: str) -> Response:
        """Lay values over its input."""
        Query(request, known=())
        given = body(request, known=("data", "reason"))
        data = given.get("data")
        if not isinstance(data, dict) or not data:
            message = 'Send the values to change: {"data": {"email": "a@example.com"}}.'
            raise InvalidRequest(message, code="bad_parameter")
        acts.mend(
            identifier("failed record", failed_id),
            data,
            by=actor(request),
            reason=word(given, "reason"),
        )
        return Response(_detailed(_find(failed_id)))


class FailedRecordRetryView(APIView):
    """POST /failed-records/{id}/retry."""

    scopes: ClassVar = {"POST": OPERATE}

    @extend_schema(
        operation_id="failed_records_retry",
        tags=["failed records"],
        summary="Run it again from the stage that refused it",
        parameters=[ID],
        request=OpenApiRequest(REASON),
        responses={202: JobSerializer, **failures(400, 404, 409)},
    )
    def post(self, request: Request, failed_id: str) -> Response:
        """202 with the job that does it."""
        job = acts.retry(identifier("failed record", failed_id), by=actor(request), reason=_reason(request))
        return Response(shown([job])[0], status=202, headers={"Location": f"/api/v1/jobs/{job.id}"})


class FailedRecordDiscardView(APIView):
    """POST /failed-records/{id}/discard."""

    scopes: ClassVar = {"POST": OPERATE}

    @extend_schema(
        operation_id="failed_records_discard",
        tags=["failed records"],
        summary="Close it: the row is not wanted as it is, until the far end sends other bytes or the mapping changes",
        parameters=[ID],
        request=OpenApiRequest(REASON),
        responses={200: FailedRecordDetailSerializer, **failures(400, 404, 409)},
    )
    def post(self, request: Request, failed_id: str) -> Response:
        """The record after it."""
        acts.discard(identifier("failed record", failed_id), by=actor(request), reason=_reason(request))
        return Response(_detailed(_find(failed_id)))


class FailedRecordReopenView(APIView):
    """POST /failed-records/{id}/reopen."""

    scopes: ClassVar = {"POST": OPERATE}

    @extend_schema(
        operation_id="failed_records_reopen",
        tags=["failed records"],
        summary="Take a discard back; without its values it fails anew when the far end sends it again",
        parameters=[ID],
        request=OpenApiRequest(REASON),
        responses={200: FailedRecordDetailSerializer, **failures(400, 404, 409)},
    )
    def post(self, request: Request, failed_id: str) -> Response:
        """The record after it."""
        acts.reopen(identifier("failed record", failed_id), by=actor(request), reason=_reason(request))
        return Response(_detailed(_find(failed_id)))


def _filtered(query: Query) -> QuerySet[FailedRecord]:
    rows = FailedRecord.objects.select_related("entity").only(*COLUMNS)
    if state := query.choice("state", FailedRecord.State.values):
        rows = rows.filter(state=state)
    rows = rows.filter(**{name: query.text(name) for name in ("stage", "code") if query.text(name)})
    if group := query.text("group"):
        rows = rows.filter(fingerprint=find_group(identifier("error group", group)).fingerprint)
    number = entity_number(query)
    return rows if number is None else rows.filter(entity_id=number)


def _find(failed_id: str) -> FailedRecord:
    number = identifier("failed record", failed_id)
    failed = FailedRecord.objects.select_related("entity").filter(pk=number).first()
    if failed is None:
        raise NotFound(f"There is no failed record {failed_id}.")
    return failed


def _detailed(failed: FailedRecord) -> dict[str, Any]:
    failed.__dict__["raw_text"] = bytes(failed.raw).decode("utf-8", "backslashreplace")
    failed.__dict__["input"] = acts.input_of(failed)
    group = group_of(failed)
    failed.__dict__["group"] = group and group.pk
    failed.__dict__["fixed_in"] = group and group.fixed_in and group.fixed_in.no
    return dict(FailedRecordDetailSerializer(failed).data)


def _reason(request: Request) -> str | None:
    Query(request, known=())
    data = body(request, known=("reason", "remark"))
    return word(data, "reason") or word(data, "remark")
