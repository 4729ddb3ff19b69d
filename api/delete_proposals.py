"""Delete proposals: what full reads found missing; approve, reject, undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.auth import actor
from api.listing import PAGING, entity_number, failures, list_of, listed, newest, paging_parameters
from api.params import Query, body, identifier, word
from api.scopes import OPERATE, READ
from sync import deletes
from sync.errors import NotFound
from sync.models import DeleteProposal

ID = OpenApiParameter("proposal_id", OpenApiTypes.UUID, OpenApiParameter.PATH)
REASON = inline_serializer("DeleteProposalAct", {"reason": serializers.CharField(required=False)})


class DeleteProposalSerializer(serializers.Serializer[Any]):
    """Records that a full read found no more, and what became of them."""

    id = serializers.UUIDField()
    entity = serializers.CharField(source="entity.path")
    state = serializers.ChoiceField(choices=DeleteProposal.State.choices)
    count = serializers.IntegerField(help_text="Records found missing.")
    live_rows = serializers.IntegerField(help_text="Records there were.")
    share = serializers.FloatField()
    sample = serializers.JSONField(help_text="A few of their keys.")
    job_id = serializers.UUIDField(help_text="The read that found them missing.")
    read_began_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()
    until = serializers.DateTimeField(help_text="So long it can be decided, or undone.")
    decided_by = serializers.CharField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_null=True)
    applied_at = serializers.DateTimeField(allow_null=True)
    deleted = serializers.IntegerField(allow_null=True, help_text="Those that were still unseen.")
    undone_at = serializers.DateTimeField(allow_null=True)
    revived = serializers.IntegerField(allow_null=True)


class DeleteProposalsView(APIView):
    """The list."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(
        operation_id="delete_proposals_list",
        tags=["delete proposals"],
        summary="What full reads found missing, newest first",
        parameters=paging_parameters(
            OpenApiParameter("entity", str, description="Such as netsuite.customers"),
            OpenApiParameter("state", str, enum=DeleteProposal.State.values),
        ),
        responses={200: list_of("DeleteProposalList", DeleteProposalSerializer), **failures(400, 404)},
    )
    def get(self, request: Request) -> Response:
        """A page of proposals."""
        query = Query(request, known=("entity", "state", *PAGING))
        rows = DeleteProposal.objects.select_related("entity")
        if state := query.choice("state", DeleteProposal.State.values):
            rows = rows.filter(state=state)
        number = entity_number(query)
        page, after = newest(rows if number is None else rows.filter(entity_id=number), query)
        return Response(listed(DeleteProposalSerializer(page, many=True).data, after))


class DeleteProposalView(APIView):
    """One proposal."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(
        operation_id="delete_proposals_read",
        tags=["delete proposals"],
        summary="One proposal",
        parameters=[ID],
        responses={200: DeleteProposalSerializer, **failures(404)},
    )
    def get(self, request: Request, proposal_id: str) -> Response:
        """The proposal."""
        Query(request, known=())
        number = identifier("delete proposal", proposal_id)
        proposal = DeleteProposal.objects.select_related("entity").filter(pk=number).first()
        if proposal is None:
            raise NotFound(f"There is no delete proposal {proposal_id}.")
        return Response(DeleteProposalSerializer(proposal).data)


def _act(name: str, summary: str, call: Callable[..., DeleteProposal]) -> type[APIView]:
    """POST /delete-proposals/{id}/{name}."""

    class ActView(APIView):
        scopes: ClassVar = {"POST": OPERATE}

        @extend_schema(
            operation_id=f"delete_proposals_{name}",
            tags=["delete proposals"],
            summary=summary,
            parameters=[ID],
            request=REASON,
            responses={200: DeleteProposalSerializer, **failures(400, 404, 409)},
        )
        def post(self, request: Request, proposal_id: str) -> Response:
            """The proposal as decided; a job does the rest."""
            Query(request, known=())
            data = body(request, known=("reason", "remark"))
            reason = word(data, "reason") or word(data, "remark")
            number = identifier("delete proposal", proposal_id)
            return Response(DeleteProposalSerializer(call(number, by=actor(request), reason=reason)).data)

    return ActView


ApproveView = _act("approve", "Delete its rows, those not seen since; a job does it", deletes.approve)
RejectView = _act("reject", "Keep its rows", deletes.reject)
UndoView = _act("undo", "Revive the rows it deleted; a job does it", deletes.undo)
