"""Mappings: versioned field rules, drafted, rehearsed, switched on, retired."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.auth import actor
from api.jobs import shown
from api.listing import PAGING, entity_number, failures, list_of, listed, newest, paging_parameters
from api.mapping_shape import MappingDetailSerializer, MappingSerializer
from api.params import Query, body, word
from api.scopes import OPERATE, READ
from api.serializers import JobSerializer
from sync.errors import Conflict, InvalidRequest, NotFound
from sync.mapping import acts
from sync.mapping.in_force import find
from sync.models import Job, Mapping
from sync.registry import registry

ID = OpenApiParameter("mapping_id", int, OpenApiParameter.PATH)
RULES = serializers.DictField(help_text="As in sync/mapping/rules.schema.json.")
DRAFT = inline_serializer(
    "MappingDraft",
    {"entity": serializers.CharField(), "rules": RULES, "reason": serializers.CharField(required=False)},
)
EDIT = inline_serializer("MappingEdit", {"rules": RULES, "reason": serializers.CharField(required=False)})
REHEARSAL = inline_serializer(
    "MappingRehearsal",
    {
        "sample": serializers.IntegerField(required=False, help_text="At most so many rows; absent = all."),
        "reason": serializers.CharField(required=False),
    },
)
REASON = inline_serializer("MappingAct", {"reason": serializers.CharField(required=False)})


class MappingsView(APIView):
    """The list of mappings, and new drafts."""

    scopes: ClassVar = {"GET": READ, "POST": OPERATE}

    @extend_schema(
        operation_id="mappings_list",
        tags=["mappings"],
        summary="Mappings, newest first",
        parameters=paging_parameters(
            OpenApiParameter("entity", str, description="Such as netsuite.customers"),
            OpenApiParameter("state", str, enum=Mapping.State.values),
        ),
        responses={200: list_of("MappingList", MappingSerializer), **failures(400, 404)},
    )
    def get(self, request: Request) -> Response:
        """A page of mappings."""
        query = Query(request, known=("entity", "state", *PAGING))
        rows = Mapping.objects.select_related("entity")
        if state := query.choice("state", Mapping.State.values):
            rows = rows.filter(state=state)
        number = entity_number(query)
        page, after = newest(rows if number is None else rows.filter(entity_id=number), query, identity=int)
        return Response(listed(MappingSerializer(page, many=True).data, after))

    @extend_schema(
        operation_id="mappings_draft",
        tags=["mappings"],
        summary="A new version, in force for nothing yet",
        request=DRAFT,
        responses={201: MappingDetailSerializer, **failures(400, 404, 409)},
    )
    def post(self, request: Request) -> Response:
        """201 with the draft; 400 (bad_rules) names everything wrong with its rules."""
        Query(request, known=())
        given = body(request, known=("entity", "rules", "reason"))
        entity = word(given, "entity")
        if entity is None:
            raise InvalidRequest("Name the entity, such as netsuite.customers.", code="bad_parameter")
        mapping = acts.draft(
            registry.find(entity), given.get("rules"), by=actor(request), reason=word(given, "reason")
        )
        where = {"Location": f"/api/v1/mappings/{mapping.pk}"}
        return Response(told(mapping.pk), status=201, headers=where)


class MappingView(APIView):
    """One mapping."""

    scopes: ClassVar = {"GET": READ, "PATCH": OPERATE}

    @extend_schema(
        operation_id="mappings_read",
        tags=["mappings"],
        summary="One mapping with its rules and its last rehearsal",
        parameters=[ID],
        responses={200: MappingDetailSerializer, **failures(404)},
    )
    def get(self, request: Request, mapping_id: str) -> Response:
        """The mapping."""
        Query(request, known=())
        return Response(told(number_of(mapping_id)))

    @extend_schema(
        operation_id="mappings_edit",
        tags=["mappings"],
        summary="Other rules for a draft",
        parameters=[ID],
        request=EDIT,
        responses={200: MappingDetailSerializer, **failures(400, 404, 409)},
    )
    def patch(self, request: Request, mapping_id: str) -> Response:
        """The draft after it."""
        Query(request, known=())
        given = body(request, known=("rules", "reason"))
        number, reason = number_of(mapping_id), word(given, "reason")
        return Response(told(acts.edit(number, given.get("rules"), by=actor(request), reason=reason).pk))


class MappingRehearseView(APIView):
    """POST /mappings/{id}/rehearse."""

    scopes: ClassVar = {"POST": OPERATE}

    @extend_schema(
        operation_id="mappings_rehearse",
        tags=["mappings"],
        summary="Try it on stored rows and write nothing; the job's result counts, /rehearsal/diffs has each row",
        parameters=[ID],
        request=REHEARSAL,
        responses={202: JobSerializer, **failures(400, 404)},
    )
    def post(self, request: Request, mapping_id: str) -> Response:
        """202 with the job that does it."""
        Query(request, known=())
        given = body(request, known=("sample", "reason"))
        sample = given.get("sample")
        if sample is not None and (isinstance(sample, bool) or not isinstance(sample, int)):
            raise InvalidRequest("sample must be a whole number.", code="bad_parameter")
        by, reason = actor(request), word(given, "reason")
        return _accepted(acts.rehearse(number_of(mapping_id), by=by, sample=sample, reason=reason))


class MappingChangeView(APIView):
    """An act that changes a mapping; answers with the mapping after it."""

    scopes: ClassVar = {"POST": OPERATE}
    act: Callable[..., Mapping]

    def post(self, request: Request, mapping_id: str) -> Response:
        """The mapping after it."""
        changed = self.act(number_of(mapping_id), by=actor(request), reason=_reason(request))
        return Response(told(changed.pk))


class MappingJobView(APIView):
    """An act on the records of a mapping's entity; answers with the job that does it."""

    scopes: ClassVar = {"POST": OPERATE}
    act: Callable[..., Job | None]

    def post(self, request: Request, mapping_id: str) -> Response:
        """202 with the job; 409 where there is nothing to do."""
        registered = acts.entity_of(find(number_of(mapping_id)))
        job = self.act(registered, by=actor(request), reason=_reason(request))
        if job is None:
            raise Conflict(f"{registered.path} has no open failed record.")
        return _accepted(job)


def _described(name: str, summary: str, answer: dict[int, Any]) -> Any:
    schema = extend_schema(
        operation_id=f"mappings_{name}",
        tags=["mappings"],
        summary=summary,
        parameters=[ID],
        request=REASON,
        responses={**answer, **failures(400, 404, 409)},
    )
    return extend_schema_view(post=schema)


@_described(
    "activate",
    "Switch it on; the one before it retires, records stay until they are read or remapped",
    {200: MappingDetailSerializer},
)
class MappingActivateView(MappingChangeView):
    """POST /mappings/{id}/activate."""

    act = staticmethod(acts.activate)


@_described(
    "retire",
    "Switch it off, or give a draft up; the declaration alone is then in force",
    {200: MappingDetailSerializer},
)
class MappingRetireView(MappingChangeView):
    """POST /mappings/{id}/retire."""

    act = staticmethod(acts.retire)


@_described(
    "remap",
    "Make the entity's records anew from their stored rows, with what is in force",
    {202: JobSerializer},
)
class MappingRemapView(MappingJobView):
    """POST /mappings/{id}/remap."""

    act = staticmethod(acts.remap)


@_described(
    "replay", "Run the entity's open failed records again, with what is in force", {202: JobSerializer}
)
class MappingReplayView(MappingJobView):
    """POST /mappings/{id}/replay."""

    act = staticmethod(acts.replay)


def number_of(mapping_id: str) -> int:
    """The id in a URL. Raises NotFound: what is no number is the id of nothing."""
    if not (mapping_id.isascii() and mapping_id.isdigit() and len(mapping_id) < 19):
        raise NotFound(f"There is no mapping {mapping_id[:100]!r}: ids are numbers.")
    return int(mapping_id)


def told(mapping_id: int) -> dict[str, Any]:
    """A mapping as it is shown, with its last rehearsal. Raises NotFound."""
    return dict(MappingDetailSerializer(find(mapping_id)).data)


def _accepted(job: Job) -> Response:
    return Response(shown([job])[0], status=202, headers={"Location": f"/api/v1/jobs/{job.id}"})


def _reason(request: Request) -> str | None:
    Query(request, known=())
    return word(body(request, known=("reason",)), "reason")
