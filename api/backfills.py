"""Backfills: a range of an entity's rows, read in windows over days; preview, start, pause, resume, cancel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiRequest, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.auth import actor
from api.backfill_shape import ACT, ASKED, BACKFILL, DETAIL, PLANNED
from api.listing import PAGING, entity_number, failures, listed, newest, paging_parameters
from api.params import Query, body, identifier, truth, word
from api.scopes import OPERATE, READ
from sync.backfill import acts
from sync.backfill.plan import Asked, plan
from sync.backfill.progress import counts_of, progress_of
from sync.errors import InvalidRequest
from sync.models import Backfill, BackfillDay, BackfillWindow

ID = OpenApiParameter("backfill_id", OpenApiTypes.UUID, OpenApiParameter.PATH)
NAMES = ("entity", "by", "from", "to", "window", "rows_per_day", "hours", "workers", "preview", "reason")
MOST_WINDOWS = 100
LIST = inline_serializer("BackfillList", {"items": BACKFILL, "next": serializers.CharField(allow_null=True)})


class BackfillsView(APIView):
    """The list, and the door to a new one."""

    scopes: ClassVar = {"GET": READ, "POST": OPERATE}

    @extend_schema(
        operation_id="backfills_list",
        tags=["backfills"],
        summary="Backfills, newest first, with how far they are",
        parameters=paging_parameters(
            OpenApiParameter("entity", str, description="Such as netsuite.customers"),
            OpenApiParameter("state", str, enum=Backfill.State.values),
        ),
        responses={200: LIST, **failures(400, 404)},
    )
    def get(self, request: Request) -> Response:
        """A page of backfills."""
        query = Query(request, known=("entity", "state", *PAGING))
        rows = Backfill.objects.select_related("entity")
        if state := query.choice("state", Backfill.State.values):
            rows = rows.filter(state=state)
        number = entity_number(query)
        page, after = newest(rows if number is None else rows.filter(entity_id=number), query)
        return Response(listed(shown(page), after))

    @extend_schema(
        operation_id="backfills_start",
        tags=["backfills"],
        summary="Start a backfill; with `preview` only tell what it would be",
        request=OpenApiRequest(ASKED),
        responses={200: PLANNED, 202: DETAIL, **failures(400, 404, 409, 503)},
    )
    def post(self, request: Request) -> Response:
        """202 with the backfill, 200 with a preview."""
        Query(request, known=())
        data = body(request, known=NAMES)
        asked = _asked(data)
        if truth(data, "preview"):
            return Response(plan(asked).told())
        started = acts.start(asked, by=actor(request), reason=word(data, "reason"))
        location = f"/api/v1/backfills/{started.pk}"
        return Response(detailed(acts.find(started.pk)), status=202, headers={"Location": location})


class BackfillView(APIView):
    """One backfill."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(
        operation_id="backfills_read",
        tags=["backfills"],
        summary="One backfill: progress, what each day took, the windows that are read or failed",
        parameters=[ID],
        responses={200: DETAIL, **failures(404)},
    )
    def get(self, request: Request, backfill_id: str) -> Response:
        """The backfill."""
        Query(request, known=())
        return Response(detailed(acts.find(identifier("backfill", backfill_id))))


def _act(name: str, summary: str, call: Callable[..., Backfill]) -> type[APIView]:
    """POST /backfills/{id}/{name}."""

    class ActView(APIView):
        scopes: ClassVar = {"POST": OPERATE}

        @extend_schema(
            operation_id=f"backfills_{name}",
            tags=["backfills"],
            summary=summary,
            parameters=[ID],
            request=ACT,
            responses={200: DETAIL, **failures(400, 404, 409)},
        )
        def post(self, request: Request, backfill_id: str) -> Response:
            """The backfill as it is then."""
            Query(request, known=())
            data = body(request, known=("reason", "remark"))
            reason = word(data, "reason") or word(data, "remark")
            number = identifier("backfill", backfill_id)
            call(number, by=actor(request), reason=reason)
            return Response(detailed(acts.find(number)))

    return ActView


PauseView = _act("pause", "Ask for no more pages; what is read keeps its place", acts.pause)
ResumeView = _act("resume", "Go on where it stands; windows that failed are tried again", acts.resume)
CancelView = _act("cancel", "End it; what is committed stays", acts.cancel)


def shown(backfills: Sequence[Backfill]) -> list[dict[str, Any]]:
    """Backfills as the API shows them."""
    figures = progress_of(backfills)
    return [
        {
            "id": str(backfill.pk),
            "entity": backfill.entity.path,
            "state": backfill.state,
            "by": backfill.by,
            "from": backfill.low,
            "to": backfill.high,
            "window": backfill.step,
            "rows_per_day": backfill.rows_per_day,
            "hours": backfill.hours,
            "workers": backfill.workers,
            "remark": backfill.remark,
            "requested_by": backfill.requested_by,
            "created_at": backfill.created_at,
            "finished_at": backfill.finished_at,
            "progress": figures[backfill.pk].plain(),
        }
        for backfill in backfills
    ]


def detailed(backfill: Backfill) -> dict[str, Any]:
    """One with what each day took and the windows that are of interest."""
    (one,) = shown([backfill])
    days = BackfillDay.objects.filter(backfill=backfill).order_by("day")
    state = BackfillWindow.State
    windows = backfill.windows.filter(state__in=(state.RUNNING, state.FAILED)).order_by("no")
    return {
        **one,
        "counts": counts_of(backfill),
        "days": [{"day": row.day.isoformat(), "rows": row.rows} for row in days],
        "windows": [_window(window) for window in windows[:MOST_WINDOWS]],
    }


def _window(window: BackfillWindow) -> dict[str, Any]:
    return {
        "no": window.no,
        "from": window.low,
        "to": window.high,
        "state": window.state,
        "rows": window.rows,
        "job_id": str(window.job_id) if window.job_id else None,
        "remark": window.remark,
    }


def _asked(data: Mapping[str, Any]) -> Asked:
    entity = word(data, "entity")
    if not entity:
        raise InvalidRequest('Name the entity: {"entity": "netsuite.customers"}.', code="bad_parameter")
    return Asked(
        entity=entity,
        by=word(data, "by"),
        low=_text(data, "from"),
        high=_text(data, "to"),
        window=_text(data, "window"),
        rows_per_day=_number(data, "rows_per_day"),
        hours=word(data, "hours"),
        workers=_number(data, "workers"),
    )


def _text(data: Mapping[str, Any], name: str) -> str | None:
    """A text; keys may be numbers."""
    value = data.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**18 else "too large"
    return word(data, name)


def _number(data: Mapping[str, Any], name: str) -> int | None:
    value = data.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise InvalidRequest(f"{name} must be a whole number.", code="bad_parameter")
