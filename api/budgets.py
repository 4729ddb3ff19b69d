"""Budgets: what each system allows, what is left of it, and when the jobs that wait may be done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, OpenApiRequest, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.auth import actor
from api.budget_shape import BudgetChangeSerializer, BudgetSerializer
from api.listing import failures, list_of, listed
from api.params import Query, body, word
from api.scopes import OPERATE, READ
from sync.budget import acts
from sync.budget.standing import standing_of, standings
from sync.errors import InvalidRequest

SYSTEM = OpenApiParameter("system", str, OpenApiParameter.PATH, description="Such as netsuite")


class BudgetsView(APIView):
    """The list of budgets."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(
        operation_id="budgets_list",
        tags=["budgets"],
        summary="Every system with its budget; there are few, so there are no pages",
        responses={200: list_of("BudgetList", BudgetSerializer), **failures()},
    )
    def get(self, request: Request) -> Response:
        """All declared systems."""
        Query(request, known=())
        return Response(listed(BudgetSerializer(standings(), many=True).data, None))


class BudgetView(APIView):
    """One system's budget."""

    scopes: ClassVar = {"GET": READ, "PATCH": OPERATE}

    @extend_schema(
        operation_id="budgets_read",
        tags=["budgets"],
        summary="A system's budget: its limits, what is left, what waits",
        parameters=[SYSTEM],
        responses={200: BudgetSerializer, **failures(404)},
    )
    def get(self, request: Request, system: str) -> Response:
        """The budget."""
        Query(request, known=())
        return Response(BudgetSerializer(standing_of(system)).data)

    @extend_schema(
        operation_id="budgets_change",
        tags=["budgets"],
        summary="Set limits, follow the declaration again, or end a pause; all processes obey within a second",
        parameters=[SYSTEM],
        request=OpenApiRequest(BudgetChangeSerializer),
        responses={200: BudgetSerializer, **failures(400, 404, 409)},
    )
    def patch(self, request: Request, system: str) -> Response:
        """The budget after it."""
        Query(request, known=())
        given = body(request, known=(*acts.CHANGEABLE, "declared", "paused", "reason"))
        _act(system, given, request)
        return Response(BudgetSerializer(standing_of(system)).data)


def _act(system: str, given: Mapping[str, Any], request: Request) -> None:
    asked = [name for name in given if name != "reason"]
    told: dict[str, Any] = {"by": actor(request), "reason": word(given, "reason")}
    if asked == ["declared"] and given["declared"] is True:
        acts.follow(system, **told)
    elif asked == ["paused"] and given["paused"] is False:
        acts.resume(system, **told)
    elif asked and set(asked) <= set(acts.CHANGEABLE):
        acts.edit(system, {name: _number(name, given[name]) for name in asked}, **told)
    else:
        message = "Send limits (rate, burst, concurrent, per_day), or declared: true, or paused: false."
        raise InvalidRequest(message, code="bad_parameter")


def _number(name: str, value: Any) -> float | int | None:
    whole = name in ("concurrent", "per_day")
    if value is None or (isinstance(value, int if whole else int | float) and not isinstance(value, bool)):
        return value
    raise InvalidRequest(
        f"{name} must be a {'whole ' if whole else ''}number, or null.", code="bad_parameter"
    )
