"""The state of every entity in one query: its tracker, what failed, what waits, its newest job."""

from __future__ import annotations

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from sync.models import FailedRecord, Job, PendingChild, Tracker


def overview(trackers: QuerySet[Tracker] | None = None) -> QuerySet[Tracker]:
    """Trackers, each with `failed`, `pending`, `newest_status`, `newest_id` (of its newest sync)."""
    rows = Tracker.objects.all() if trackers is None else trackers
    mine = OuterRef("entity_id")
    failed = FailedRecord.objects.filter(entity=mine, state=FailedRecord.State.OPEN)
    newest = Job.objects.filter(entity=mine, kind="sync").order_by("-id")
    return rows.select_related("entity").annotate(
        failed=_count(failed),
        pending=_count(PendingChild.objects.filter(entity=mine)),
        newest_status=Subquery(newest.values("status")[:1]),
        newest_id=Subquery(newest.values("id")[:1]),
    )


def _count(rows: QuerySet[FailedRecord] | QuerySet[PendingChild]) -> Coalesce:
    counted = rows.order_by().values("entity_id").annotate(rows=Count("pk")).values("rows")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
