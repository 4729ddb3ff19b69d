"""Trackers: each entity's state, how fresh it is, and what is wrong with it."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.listing import failures, list_of, listed
from api.params import Query
from api.scopes import READ
from api.serializers import TrackerSerializer
from sync import drift
from sync.models import FailedRecord, Job, PendingChild, SourceColumn, Tracker
from sync.registry import registry


class TrackersView(APIView):
    """The list of trackers."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(
        operation_id="trackers_list",
        tags=["trackers"],
        summary="Every entity with its state; there are few, so there are no pages",
        responses={200: list_of("TrackerList", TrackerSerializer), **failures()},
    )
    def get(self, request: Request) -> Response:
        """All declared entities."""
        Query(request, known=())
        return Response(listed(TrackerSerializer(trackers(), many=True).data, None))


def trackers() -> QuerySet[Tracker]:
    """The trackers of declared entities, with open failures, waiting rows, drifted columns and the newest job."""
    newest_job = Job.objects.filter(entity_id=OuterRef("pk")).order_by("-id")
    failed = FailedRecord.objects.filter(entity_id=OuterRef("pk"), state=FailedRecord.State.OPEN)
    waiting = PendingChild.objects.filter(entity_id=OuterRef("pk"))
    drifting = SourceColumn.objects.filter(drift.OPEN, entity_id=OuterRef("pk"))
    return (
        Tracker.objects.select_related("entity")
        .filter(entity__path__in=[registered.path for registered in registry])
        .annotate(
            failed=_number(failed),
            pending=_number(waiting),
            drift=_number(drifting),
            last_job=Subquery(newest_job.values("id")[:1]),
            last_status=Subquery(newest_job.values("status")[:1]),
        )
        .order_by("entity__path")
    )


def _number(rows: QuerySet[FailedRecord] | QuerySet[PendingChild] | QuerySet[SourceColumn]) -> Coalesce:
    counted = rows.order_by().values("entity_id").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
