"""Why a job waits, and why a lane stands still, in words."""

from __future__ import annotations

from datetime import datetime

from sync.jobs import limit_acts, pauses
from sync.jobs.lanes import LANE
from sync.jobs.limits import LIMIT, PAUSED
from sync.jobs.standstill import Standstill, look
from sync.models import Job, LaneRow, ScopeLimit

_HOLDS = {
    LIMIT: "waits for room in its limits",
    PAUSED: "waits for the end of a pause",
    LANE: "waits for another of its lanes",
    "approval": "waits for an approval",
    "children": "waits for its children",
}


def why(job: Job, now: Standstill) -> str:
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
    if job.hold is None:
        return f"{name} {now.why(job) or 'starts as soon as a worker is free'}."
    return f"{name} {_HOLDS.get(job.hold, f'waits ({job.hold})')}."


def waits_for(job: Job) -> list[str]:
    """What a job waits for that others end: its lanes, a pause, a full limit, a worker; nothing where it does not."""
    if job.status != Job.Status.PENDING:
        return []
    if job.hold == LANE:
        rows = LaneRow.objects.filter(lane__in=job.lanes).select_related("job").order_by("lane")
        now = look()
        return [f"Lane {row.lane}: {why(row.job, now)}" for row in rows if row.job_id != job.pk]
    if job.hold == PAUSED:
        return [_paused(one) for one in pauses.in_force() if _holds(one.scope, job)]
    if job.hold == LIMIT:
        return _full(job)
    words = look().why(job) if job.hold is None else None
    return [f"It {words}."] if words else []


def _holds(scope: str, job: Job) -> bool:
    kind, _, name = scope.partition(":")
    return any(f"{one}:{name}" in job.scopes for one in limit_acts.HELD_WITH.get(kind, (kind,)))


def _paused(pause: pauses.Pause) -> str:
    since = f" since {_stamp(pause.since)} by {pause.by}" if pause.since else ""
    reason = f" ({pause.reason})" if pause.reason else ""
    return f"{pause.scope} is paused{since}{reason}: `bridge resume {pause.scope}`."


def _full(job: Job) -> list[str]:
    limits = {row.scope: row.most for row in ScopeLimit.objects.filter(scope__in=job.scopes) if row.most}
    used = limit_acts.use(limits)
    return [
        f"{scope} is full: {used[scope].running} of at most {most} of its jobs are under way."
        for scope, most in sorted(limits.items())
        if used[scope].running >= most
    ]


def _stamp(moment: datetime | None) -> str:
    return "now" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"
