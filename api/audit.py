"""Who did what, by which door, and whether anybody changed that since."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.audit_shape import AuditEntrySerializer, AuditVerdictSerializer
from api.listing import PAGING, failures, list_of, listed, newest, paging_parameters
from api.params import Query, identifier
from api.scopes import OPERATE, READ
from sync.errors import NotFound
from sync.trail.chain import read_point
from sync.trail.selecting import EXACT, selected
from sync.trail.verify import verify


class AuditView(APIView):
    """The list of acts."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(
        operation_id="audit_list",
        tags=["audit"],
        summary="Acts of people and clients, newest first",
        parameters=paging_parameters(
            OpenApiParameter("actor", str),
            OpenApiParameter("door", str, description="admin, api, shell or callback"),
            OpenApiParameter("act", str, description="Such as job.retry; `job.` is all acts on jobs."),
            OpenApiParameter("object_type", str, description="Such as job"),
            OpenApiParameter("object_id", str),
            OpenApiParameter("request_id", str),
            OpenApiParameter("since", str, description="A moment in ISO 8601; included."),
            OpenApiParameter("until", str, description="Not included."),
        ),
        responses={200: list_of("AuditList", AuditEntrySerializer), **failures(400)},
    )
    def get(self, request: Request) -> Response:
        """A page of acts."""
        query = Query(request, known=("act", *EXACT, "since", "until", *PAGING))
        rows = selected(
            act=query.text("act"),
            since=query.moment("since"),
            until=query.moment("until"),
            **{name: query.text(name) for name in EXACT},
        )
        page, after = newest(rows, query)
        return Response(listed(AuditEntrySerializer(page, many=True).data, after))


class AuditEntryView(APIView):
    """One act."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(
        operation_id="audit_read",
        tags=["audit"],
        summary="One act",
        parameters=[OpenApiParameter("audit_id", str, OpenApiParameter.PATH)],
        responses={200: AuditEntrySerializer, **failures(404)},
    )
    def get(self, request: Request, audit_id: str) -> Response:
        """With what it changed."""
        Query(request, known=())
        entry = selected().filter(pk=identifier("audit entry", audit_id)).first()
        if entry is None:
            raise NotFound(f"There is no audit entry {audit_id}.")
        return Response(AuditEntrySerializer(entry).data)


class AuditVerifyView(APIView):
    """Whether the chain holds."""

    scopes: ClassVar = {"GET": OPERATE}  # it reads all of it

    @extend_schema(
        operation_id="audit_verify",
        tags=["audit"],
        summary="Look whether an entry was changed, removed, inserted or reordered",
        parameters=[
            OpenApiParameter("head", str, description="`head` of an earlier answer, kept elsewhere since.")
        ],
        responses={200: AuditVerdictSerializer, **failures(400)},
    )
    def get(self, request: Request) -> Response:
        """200 in either case; `holds` tells."""
        head = Query(request, known=("head",)).text("head")
        found = verify(None if head is None else read_point(head))
        return Response(AuditVerdictSerializer(found).data)
