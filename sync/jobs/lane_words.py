"""Why a lane stands still, in words."""

from __future__ import annotations

from datetime import datetime

from sync.jobs.lanes import LANE
from sync.jobs.limits import LIMIT, PAUSED
from sync.models import Job, LaneRow

_HOLDS = {
    LIMIT: "waits for room in its limits",
    PAUSED: "waits for the end of a pause",
    LANE: "waits for another of its lanes",
    "approval": "waits for an approval",
    "children": "waits for its children",
}


def why(job: Job) -> str:
    """Why those behind this job wait, and what ends it."""
    name = f"Job {job.pk} ({job.kind})"
    error = f" {job.error_code}: {job.error}" if job.error_code else ""
    if job.status == Job.Status.FAILED:
        return f"{name} is dead since {_stamp(job.finished_at)}: resolve or retry it.{error}"
    if job.status == Job.Status.PROCESSING:
        return f"{name} is running since {_stamp(job.started_at)}."
    if job.hold == "backoff":
        return f"{name} is tried again at {_stamp(job.run_after)}.{error}"
    if job.hold == "configuration":
        return f"{name} is parked: change what it names, then retry it.{error}"
    return f"{name} {_HOLDS.get(job.hold or '', 'starts as soon as a worker is free')}."


def waits_for(job: Job) -> list[str]:
    """Why each lane of a waiting job stands still; nothing where it does not wait for a lane."""
    if job.status != Job.Status.PENDING or job.hold != LANE:
        return []
    rows = LaneRow.objects.filter(lane__in=job.lanes).select_related("job").order_by("lane")
    return [f"Lane {row.lane}: {why(row.job)}" for row in rows if row.job_id != job.pk]


def _stamp(moment: datetime | None) -> str:
    return "now" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"
