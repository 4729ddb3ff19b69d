"""The door to commands: a view for each that is declared, with its payload in the OpenAPI document."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import (
    Direction,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.auth import actor
from api.command_shape import TAKEN
from api.errors import Refusal
from api.exact_json import ExactJSONParser
from api.listing import failures
from api.params import Query
from sync.commands.accept import accept
from sync.commands.declared import SCOPE, Declared, UnknownCommand, find
from sync.commands.idempotency import KeyReused
from sync.commands.payload import BadPayload
from sync.errors import NotFound

REPLAYED = "Idempotency-Replayed"
_OURS = frozenset({"api", "sync", "rest_framework", "drf_spectacular"})
_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Chosen by you: the same request again with it has no second effect, and the same answer.",
)


def _scope(view: Any) -> str:
    return f"{SCOPE}{view.kwargs['system']}.{view.kwargs['name']}"


class PayloadSchema(AutoSchema):
    """Names what a payload is made of after its system: two may each have a Letter, and one a Job as we have."""

    def get_serializer_name(self, serializer: Any, direction: Direction) -> str:
        """The component's name."""
        name = super().get_serializer_name(serializer, direction)
        if type(serializer).__module__.partition(".")[0] in _OURS:
            return name
        view: Any = self.view
        system: str = view.known.system.name
        return f"{system.title().replace('_', '')}{name}"


class CommandAskView(APIView):
    """POST /commands/{system}/{name}; `view_of` makes one for each declared command."""

    schema = PayloadSchema()
    parser_classes = (ExactJSONParser,)
    scopes: ClassVar = {"POST": _scope}

    def check_permissions(self, request: Request) -> None:
        """Whoever may ask for some command is told that there is none of this name, and what there is."""
        scopes: frozenset[str] = getattr(request.user, "scopes", frozenset())
        if any(scope.startswith(SCOPE) for scope in scopes):
            named(f"{self.kwargs['system']}.{self.kwargs['name']}")
        super().check_permissions(request)

    @extend_schema(exclude=True)
    def post(self, request: Request, system: str, name: str) -> Response:
        """202 with the command; the same again for the same Idempotency-Key and body."""
        Query(request, known=())
        known = named(f"{system}.{name}")
        _check_size(request, known)
        try:
            taken = accept(
                known,
                request.data,
                client=str(request.user),
                by=actor(request),
                key=request.headers.get("Idempotency-Key"),
            )
        except BadPayload as error:
            raise Refusal(400, error.code, error.message, detail=error.detail) from None
        except KeyReused as error:
            raise Refusal(422, error.code, error.message) from None
        headers = {"Location": f"/api/v1/commands/{taken.command.pk}"}
        if not taken.created:
            headers[REPLAYED] = "true"
        return Response(taken.command.answer, status=202, headers=headers)


def view_of(known: Declared, address: str) -> type[APIView]:
    """The view of one command at one address, with its payload in the OpenAPI document."""
    name = address.removeprefix("api/v1/").replace("/", "_")
    documented = extend_schema(
        operation_id=f"{name}_ask",
        tags=[known.path],
        summary=f"{known.label}: needs the scope {known.scope}",
        parameters=[_KEY],
        request={"application/json": known.command.payload},
        responses={
            202: OpenApiResponse(TAKEN, "Taken, or was before: `Location` tells how far it is."),
            **failures(400, 413, 422, 503),
        },
        exclude=False,
    )
    view = type(f"Ask{name}", (CommandAskView,), {"known": known})
    made: type[APIView] = extend_schema_view(post=documented)(view)
    return made


def named(name: str) -> Declared:
    """The command of that name. Raises NotFound (unknown_command)."""
    try:
        return find(name)
    except UnknownCommand as error:
        raise NotFound(error.message, code=error.code) from None


def _check_size(request: Request, known: Declared) -> None:
    most = known.command.largest
    if (size := int(request.META.get("CONTENT_LENGTH") or 0)) > most:
        message = f"The body has {size} bytes; {known.path} takes at most {most}."
        raise Refusal(413, "body_too_large", message, detail={"most": most})
