"""Batches: what was committed together, with its counts."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.listing import PAGING, entity_number, failures, list_of, listed, newest, paging_parameters
from api.params import Query, identifier
from api.scopes import READ
from api.serializers import BatchDetailSerializer, BatchSerializer
from sync.errors import NotFound
from sync.models import Batch
from sync.targets.counts import counts_of

# Not `seen`, which is 16 bytes for each row of a full read.
COLUMNS = ("job_id", "seq", "entity__path", "counts", "stage_ms", "first_error", "committed_at", "resume")


def find(batch_id: str) -> Batch:
    """A batch, with what its targets made of it in `targets`. Raises NotFound."""
    number = int(batch_id) if batch_id.isascii() and batch_id.isdigit() and len(batch_id) < 19 else 0
    batch = Batch.objects.select_related("entity").only(*COLUMNS).filter(pk=number).first()
    if batch is None:
        raise NotFound(f"There is no batch {batch_id[:100]!r}.")
    batch.__dict__["targets"] = counts_of(batch)
    return batch


class BatchesView(APIView):
    """The list of batches."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(
        operation_id="batches_list",
        tags=["batches"],
        summary="Batches, newest first",
        parameters=paging_parameters(
            OpenApiParameter("entity", str, description="Such as netsuite.customers"),
            OpenApiParameter("job", OpenApiTypes.UUID),
        ),
        responses={200: list_of("BatchList", BatchSerializer), **failures(400, 404)},
    )
    def get(self, request: Request) -> Response:
        """A page of batches."""
        query = Query(request, known=("entity", "job", *PAGING))
        rows = Batch.objects.select_related("entity").only(*COLUMNS)
        if job := query.text("job"):
            rows = rows.filter(job_id=identifier("job", job))
        number = entity_number(query)
        rows = rows if number is None else rows.filter(entity_id=number)
        page, after = newest(rows, query, identity=int)
        return Response(listed(BatchSerializer(page, many=True).data, after))


class BatchView(APIView):
    """One batch."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(
        operation_id="batches_read",
        tags=["batches"],
        summary="One batch",
        parameters=[OpenApiParameter("batch_id", int, OpenApiParameter.PATH)],
        responses={200: BatchDetailSerializer, **failures(404)},
    )
    def get(self, request: Request, batch_id: str) -> Response:
        """The batch."""
        Query(request, known=())
        return Response(BatchDetailSerializer(find(batch_id)).data)
