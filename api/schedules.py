"""Schedules: the list, one with its next runs; add, edit, delete, reset, and run now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, OpenApiRequest, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.auth import actor
from api.jobs import shown as shown_jobs
from api.listing import failures, list_of, listed
from api.params import Query, body, storable, word
from api.schedule_asked import CHANGES, REASON, WANTED
from api.schedule_shape import ScheduleSerializer
from api.scopes import OPERATE, READ
from api.serializers import JobSerializer
from sync.errors import InvalidRequest
from sync.jobs import schedules
from sync.jobs.schedule_changes import changes_of
from sync.jobs.schedule_words import CHANGEABLE, find
from sync.models import Schedule

ID = OpenApiParameter("named", str, OpenApiParameter.PATH, description="Its id, or its name.")

WHY = OpenApiParameter("reason", str, description="Kept in the audit.")


class SchedulesView(APIView):
    """The list of schedules, and the door to a new one."""

    scopes: ClassVar = {"GET": READ, "POST": OPERATE}

    @extend_schema(
        operation_id="schedules_list",
        tags=["schedules"],
        summary="Every schedule; there are few, so there are no pages",
        responses={200: list_of("ScheduleList", ScheduleSerializer), **failures()},
    )
    def get(self, request: Request) -> Response:
        """All schedules, by name."""
        Query(request, known=())
        rows = Schedule.objects.select_related("entity").order_by("name")
        return Response(listed(ScheduleSerializer(rows, many=True).data, None))

    @extend_schema(
        operation_id="schedules_create",
        tags=["schedules"],
        summary="Add a schedule",
        request=OpenApiRequest(WANTED),
        responses={201: ScheduleSerializer, **failures(400, 404, 409)},
    )
    def post(self, request: Request) -> Response:
        """201 with the schedule."""
        Query(request, known=())
        data = body(request, known=("name", "kind", "entity", *CHANGEABLE, "reason"))
        name, entity = word(data, "name"), word(data, "entity")
        if not name or not entity:
            raise InvalidRequest("Give it a `name` and the `entity` it is for.", code="bad_parameter")
        made = schedules.create(
            name,
            kind=word(data, "kind") or "sync",
            entity=entity,
            changes=_changes(data),
            by=actor(request),
            reason=word(data, "reason"),
        )
        location = f"/api/v1/schedules/{made.pk}"
        return Response(_told(str(made.pk)), status=201, headers={"Location": location})


class ScheduleView(APIView):
    """One schedule."""

    scopes: ClassVar = {"GET": READ, "PATCH": OPERATE, "DELETE": OPERATE}

    @extend_schema(
        operation_id="schedules_read",
        tags=["schedules"],
        summary="One schedule, with its next runs",
        parameters=[ID],
        responses={200: ScheduleSerializer, **failures(404)},
    )
    def get(self, request: Request, named: str) -> Response:
        """The schedule."""
        Query(request, known=())
        return Response(_told(named))

    @extend_schema(
        operation_id="schedules_edit",
        tags=["schedules"],
        summary="Change it, or switch it on or off; its declaration leaves it alone from then on",
        parameters=[ID],
        request=OpenApiRequest(CHANGES),
        responses={200: ScheduleSerializer, **failures(400, 404)},
    )
    def patch(self, request: Request, named: str) -> Response:
        """The schedule as it is then."""
        Query(request, known=())
        data = body(request, known=(*CHANGEABLE, "reason"))
        found = find(named)
        schedules.edit(found.pk, _changes(data), by=actor(request), reason=word(data, "reason"))
        return Response(_told(str(found.pk)))

    @extend_schema(
        operation_id="schedules_delete",
        tags=["schedules"],
        summary="Remove one that somebody added; a declared one is switched off instead",
        parameters=[ID, WHY],
        responses={204: None, **failures(400, 404, 409)},
    )
    def delete(self, request: Request, named: str) -> Response:
        """Nothing."""
        reason = Query(request, known=("reason",)).text("reason")
        schedules.delete(find(named).pk, by=actor(request), reason=reason)
        return Response(status=204)


class ScheduleRunView(APIView):
    """POST /schedules/{id}/run."""

    scopes: ClassVar = {"POST": OPERATE}

    @extend_schema(
        operation_id="schedules_run",
        tags=["schedules"],
        summary="Ask for its work now, beside its slots",
        parameters=[ID],
        request=OpenApiRequest(REASON),
        responses={202: JobSerializer, **failures(400, 404, 409)},
    )
    def post(self, request: Request, named: str) -> Response:
        """202 with the job."""
        number, reason = _act(request, named)
        job = schedules.run_now(number, by=actor(request), reason=reason)
        return Response(shown_jobs([job])[0], status=202, headers={"Location": f"/api/v1/jobs/{job.pk}"})


class ScheduleResetView(APIView):
    """POST /schedules/{id}/reset."""

    scopes: ClassVar = {"POST": OPERATE}

    @extend_schema(
        operation_id="schedules_reset",
        tags=["schedules"],
        summary="Let an edited schedule be what its declaration says again",
        parameters=[ID],
        request=OpenApiRequest(REASON),
        responses={200: ScheduleSerializer, 204: None, **failures(400, 404, 409)},
    )
    def post(self, request: Request, named: str) -> Response:
        """The schedule as it is then; 204 where the declaration says none."""
        number, reason = _act(request, named)
        schedules.reset(number, by=actor(request), reason=reason)
        if not Schedule.objects.filter(pk=number).exists():
            return Response(status=204)
        return Response(_told(str(number)))


def _act(request: Request, named: str) -> tuple[int, str | None]:
    Query(request, known=())
    reason = word(body(request, known=("reason",)), "reason")
    return find(named).pk, reason


def _changes(data: Mapping[str, Any]) -> dict[str, Any]:
    return changes_of({name: storable(name, data[name]) for name in CHANGEABLE if name in data})


def _told(named: str) -> dict[str, Any]:
    return dict(ScheduleSerializer(find(named)).data)
