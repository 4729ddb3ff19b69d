"""How each entity stands, in a handful of queries for all of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, QuerySet

from sync import drift, gauges
from sync.jobs.fleet import HEARD_WITHIN
from sync.jobs.takers import takers
from sync.models import Delivery, EntityRow, FailedRecord, Job, PendingChild, SourceColumn, Tracker
from sync.registry import Registered, registry


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The figures of one entity."""

    entity: str  # its path
    system: str
    records: int  # live rows of the mirror
    pending: int  # rows waiting for their parent
    pending_since: datetime | None  # when the oldest of those began to wait
    failed: int  # open failed records
    last_sync_at: datetime | None  # end of the last complete run
    fresh_to: datetime | None  # start of the last complete run: everything until then is here
    state: str  # active or paused
    deletes_held: str | None  # why the last full read deletes nothing
    deletes_held_since: datetime | None
    job: str | None  # id of the sync job under way
    job_status: str | None
    job_error: str | None  # why the newest sync job failed, until a later one succeeds

    def plain(self) -> dict[str, Any]:
        """As a dict."""
        return asdict(self)


def standings() -> list[Standing]:
    """All declared entities, in the order of their declaration."""
    numbers = dict(EntityRow.objects.values_list("path", "id"))
    trackers = {tracker.pk: tracker for tracker in Tracker.objects.all()}
    failed = _counts(FailedRecord.objects.filter(state=FailedRecord.State.OPEN))
    pending = _counts(PendingChild.objects.all())
    oldest = dict(PendingChild.objects.order_by().values_list("entity_id").annotate(Min("created_at")))
    newest = Job.objects.filter(kind="sync").order_by("entity_id", "-id").distinct("entity_id")
    jobs = {job.entity_id: job for job in newest}
    return [
        _standing(
            registered,
            trackers[number],
            jobs.get(number),
            failed.get(number, 0),
            (pending.get(number, 0), oldest.get(number)),
        )
        for registered in registry
        for number in [numbers[registered.path]]
    ]


def dead_jobs() -> int:
    """How many jobs are out of tries and not yet resolved."""
    return Job.objects.filter(status=Job.Status.FAILED, resolved_at=None).count()


def refused_deliveries() -> dict[str, int]:
    """How many records each target refused, by its name."""
    refused = Delivery.objects.filter(state=Delivery.State.REFUSED).order_by()
    return dict(refused.values_list("target").annotate(Count("pk")))


def drifted_columns() -> int:
    """How many columns of sources changed, with nobody having looked."""
    return SourceColumn.objects.filter(drift.OPEN).count()


def living_workers() -> int:
    """How many worker processes have been heard of lately."""
    return gauges.workers(heard_within=HEARD_WITHIN)


def nobody_works() -> str | None:
    """Why what is asked for now waits, in a sentence; None where workers take jobs."""
    if not living_workers():
        return "No worker is alive, so it waits: start `bridge up` or `bridge worker`."
    if takers().drained:
        return "All workers are drained, so it waits: `bridge resume` lets them take jobs again."
    return None


def _standing(
    registered: Registered,
    tracker: Tracker,
    job: Job | None,
    failed: int,
    pending: tuple[int, datetime | None],
) -> Standing:
    under_way = job is not None and job.status in (Job.Status.PENDING, Job.Status.PROCESSING)
    return Standing(
        entity=registered.path,
        system=registered.system.name,
        records=tracker.live_rows,
        pending=pending[0],
        pending_since=pending[1],
        failed=failed,
        last_sync_at=tracker.last_sync_at,
        fresh_to=tracker.fresh_to,
        state=tracker.state,
        deletes_held=tracker.deletes_held,
        deletes_held_since=tracker.deletes_held_since,
        job=str(job.id) if job and under_way else None,
        job_status=(job.hold or job.status) if job and under_way else None,
        job_error=job.error if job and job.status != Job.Status.SUCCESS else None,
    )


def _counts(rows: QuerySet[Any]) -> dict[int, int]:
    return dict(rows.order_by().values_list("entity_id").annotate(Count("pk")))
