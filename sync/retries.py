"""Failures that may heal are tried again when their time has come: one replay job an entity."""

from __future__ import annotations

from datetime import UTC, datetime

from sync import schema
from sync.jobs.enqueue import enqueue
from sync.jobs.priorities import BATCH
from sync.members import Members
from sync.models import FailedRecord, Job
from sync.registry import Registered, registry

NAME = "retries"


def ask_due(now: datetime | None = None) -> list[Job]:
    """Ask for the replays that are due; the new jobs. Two ticks at once share the work."""
    moment = now or datetime.now(UTC)
    due = FailedRecord.objects.filter(state=FailedRecord.State.OPEN, next_try_at__lte=moment)
    numbers = set(due.order_by().values_list("entity_id", flat=True).distinct())
    if not numbers:
        return []
    asked = [
        _ask(registered, moment)
        for registered in registry
        if (number := schema.entity_id(registered.path)) in numbers and not _stuck(number)
    ]
    return [job for job in asked if job]


def _ask(registered: Registered, moment: datetime) -> Job | None:
    members = Members(entity=registered.path, due=moment.isoformat())
    wanted = enqueue(
        "replay",
        entity=registered,
        params={"where": members.told(), "by": NAME},
        priority=BATCH,
        dedup=f"replay:due:{registered.path}",
        requested_by=NAME,
    )
    return wanted.job if wanted.created else None


def _stuck(entity_id: int) -> bool:
    # The last one died: another every few seconds would die too, so it waits for somebody to look at that job.
    dead = Job.objects.filter(entity_id=entity_id, status=Job.Status.FAILED, resolved_at=None)
    return dead.filter(kind="replay", requested_by=NAME).exists()
