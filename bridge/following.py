"""Watches jobs until they have ended, and shows how far they are."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from rich.console import Console

from bridge.bars import Bars, Look, Outcome
from bridge.exits import say
from bridge.patience import Patience
from sync.models import Batch, Job, JobEvent

GLANCE = 0.25  # seconds between two looks
TOLD = ("inserted", "updated", "pending", "failed", "skipped")  # of a job's result
PARKED = frozenset({"configuration", "approval", "paused"})  # holds that only a person ends


def follow(
    jobs: Sequence[UUID],
    *,
    quiet: bool = False,
    ends: bool = True,
    enough: Callable[[], bool] = lambda: False,
    stopped: threading.Event | None = None,
    screen: Console | None = None,
) -> dict[UUID, Look]:
    """Show the jobs' progress until each has ended, waits for a person, or `stopped` is set; the last look at each.

    It is left off where `enough` says so; a look then has no outcome. Without `ends` the caller tells how each
    ended; on a terminal the bars show it all the same.
    """
    told = stopped or threading.Event()
    last: dict[UUID, Look] = {}
    with Bars(screen or Console(stderr=True, highlight=False), quiet=quiet, ends=ends) as bars:
        while True:
            for look in looks(job for job in jobs if job not in last or last[job].outcome is None):
                last[look.job_id] = look
                bars.update(look)
            if all(look.outcome for look in last.values()) or enough() or told.wait(GLANCE):
                return last


def stay(jobs: Sequence[UUID], *, seconds: float | None, quiet: bool) -> bool:
    """Follow jobs until they have ended, for at most so long; say how each did. Whether all ended in success."""
    from bridge.figures import living_workers

    patience = Patience(seconds, workers=living_workers)
    last = follow(jobs, quiet=quiet, ends=False, enough=patience.is_out)
    if patience.reason:
        shown = " ".join(str(job) for job, look in last.items() if look.outcome is None)
        say(f"{patience.reason} `bridge jobs show {shown}` tells how it stands.")
    for look in () if quiet else last.values():
        print(f"{look.name}: {look.words}")
    return all(look.outcome is Outcome.SUCCESS for look in last.values())


def looks(jobs: Iterable[UUID]) -> list[Look]:
    """Each job as it stands now, in two queries."""
    wanted = list(jobs)
    rows: dict[UUID, int] = dict.fromkeys(wanted, 0)
    for job_id, counts in Batch.objects.filter(job_id__in=wanted).values_list("job_id", "counts"):
        rows[job_id] += int(counts.get("rows_fetched", 0))
    told: dict[UUID, dict[str, Any]] = {
        event.job_id: event.facts
        for event in JobEvent.objects.filter(job_id__in=wanted, name="progress").order_by("id")
    }
    found = Job.objects.select_related("entity").filter(pk__in=wanted).order_by("id")
    return [_look(job, rows[job.id], told.get(job.id, {})) for job in found]


def _look(job: Job, committed: int, told: dict[str, Any]) -> Look:
    total = told.get("total")
    return Look(
        job_id=job.id,
        name=job.entity.path if job.entity else job.kind,
        rows=max(committed, int(told.get("rows") or 0)),
        total=int(total) if total else None,
        words=_words(job),
        outcome=_outcome(job),
    )


def _outcome(job: Job) -> Outcome | None:
    if job.status in (Job.Status.SUCCESS, Job.Status.FAILED, Job.Status.CANCELLED):
        return Outcome(str(job.status))
    return Outcome.PARKED if job.hold in PARKED else None


def _words(job: Job) -> str:
    if job.status == Job.Status.SUCCESS:
        counts = [(name, (job.result or {}).get(name)) for name in TOLD]
        return ", ".join(f"{number:,} {name}" for name, number in counts if number) or "nothing new"
    if job.error and job.status != Job.Status.PROCESSING:
        state = f"waits ({job.hold})" if job.hold else str(job.status)
        return f"{state}: {job.error}"
    return f"waits ({job.hold})" if job.hold else str(job.status)
