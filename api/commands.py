"""Commands: ask for an effect outside, see what became of it, say what nobody else can know."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar
from uuid import UUID

from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiRequest,
    extend_schema,
)
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.auth import Client, actor
from api.command_ask import named
from api.command_shape import DETAIL, ID, LIST, REASON, SETTLED, detailed, shown
from api.listing import PAGING, failures, listed, newest, paging_parameters
from api.params import Query, body, identifier, word
from api.scopes import OPERATE, READ
from sync.audit import Actor
from sync.commands import acts, settle
from sync.commands.declared import SCOPE
from sync.errors import NotFound
from sync.models import Command
from sync.models.command import State


class CommandsView(APIView):
    """The list of commands."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(
        operation_id="commands_list",
        tags=["commands"],
        summary="Commands, newest first, with what is known of their effect",
        parameters=paging_parameters(
            OpenApiParameter("command", str, description="Such as netsuite.upsert_customer"),
            OpenApiParameter("state", str, enum=State.values),
            OpenApiParameter("client", str, description="Who asked for it."),
        ),
        responses={200: LIST, **failures(400, 404)},
    )
    def get(self, request: Request) -> Response:
        """A page of commands."""
        query = Query(request, known=("command", "state", "client", *PAGING))
        rows = Command.objects.select_related("job")
        if state := query.choice("state", State.values):
            rows = rows.filter(state=state)
        if client := query.text("client"):
            rows = rows.filter(client=client)
        if name := query.text("command"):
            rows = rows.filter(kind=named(name).path)
        page, after = newest(rows, query)
        return Response(listed([shown(one) for one in page], after))


class CommandView(APIView):
    """One command."""

    scopes: ClassVar = {"GET": READ}

    def check_permissions(self, request: Request) -> None:
        """`Location` leads here: whoever may ask for a command may see what became of their own."""
        if not _asked_by(request, self.kwargs["command_id"]):
            super().check_permissions(request)

    @extend_schema(
        operation_id="commands_read",
        tags=["commands"],
        summary="One command: its state, its payload, its ledger; who asked for it needs no scope but that of asking",
        parameters=[ID],
        responses={200: DETAIL, **failures(404)},
    )
    def get(self, request: Request, command_id: str) -> Response:
        """The command."""
        Query(request, known=())
        return Response(detailed(find(command_id)))


class CommandSettleView(APIView):
    """POST /commands/{id}/settle."""

    scopes: ClassVar = {"POST": OPERATE}

    @extend_schema(
        operation_id="commands_settle",
        tags=["commands"],
        summary="Say what became of a command whose outcome is unknown: `proven`, or `not_done`, which sends it again",
        parameters=[ID],
        request=OpenApiRequest(SETTLED),
        responses={200: DETAIL, **failures(400, 404, 409)},
    )
    def post(self, request: Request, command_id: str) -> Response:
        """The command as it is then."""
        Query(request, known=())
        data = body(request, known=("decision", "reason", "remote_id"))
        number = identifier("command", command_id)
        settle.settle(
            number,
            word(data, "decision") or "",
            by=actor(request),
            reason=word(data, "reason") or "",
            remote_id=word(data, "remote_id"),
        )
        return Response(detailed(find(command_id)))


def _act(name: str, summary: str, call: Callable[[UUID, Actor, str], object]) -> type[APIView]:
    """POST /commands/{id}/{name}."""

    class ActView(APIView):
        scopes: ClassVar = {"POST": OPERATE}

        @extend_schema(
            operation_id=f"commands_{name}",
            tags=["commands"],
            summary=summary,
            parameters=[ID],
            request=OpenApiRequest(REASON),
            responses={200: DETAIL, **failures(400, 404, 409)},
        )
        def post(self, request: Request, command_id: str) -> Response:
            """The command as it is then."""
            Query(request, known=())
            data = body(request, known=("reason",))
            number = find(command_id).pk
            call(number, actor(request), word(data, "reason") or "")
            return Response(detailed(find(command_id)))

    return ActView


ApproveView = _act("approve", "Agree that it is sent; whoever asked for it can't", acts.approve)
RejectView = _act("reject", "Say that it is never sent", acts.reject)
CompensateView = _act(
    "compensate", "Take back what it did, by the command declared for that", acts.compensate
)


def _asked_by(request: Request, command_id: str) -> bool:
    if not isinstance(request.user, Client) or READ in request.user.scopes:
        return False
    may = [scope.removeprefix(SCOPE) for scope in request.user.scopes if scope.startswith(SCOPE)]
    own = Command.objects.filter(client=request.user.name, kind__in=may)
    return bool(may) and own.filter(pk=identifier("command", command_id)).exists()


def find(command_id: str) -> Command:
    """The command with its job. Raises NotFound."""
    number = identifier("command", command_id)
    command = Command.objects.select_related("job").filter(pk=number).first()
    if command is None:
        raise NotFound(f"There is no command {command_id}.")
    return command
