"""Jobs that wait until a person changes something: when that may have happened, they are tried again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from sync import audit
from sync.audit import Actor
from sync.jobs import queue, room
from sync.jobs.events import note
from sync.jobs.settle import CONFIGURATION
from sync.models import Job
from sync.queries import query

AT_ONCE = 1_000
PASSING = ("certificate_refused",)
"""Faults that the far end may mend by itself, and nobody here hears of it."""
LOOK_AFTER = timedelta(minutes=15)
"""Before the first look whether it has passed; each further one after twice as long."""
LOOK_AT_LAST = timedelta(hours=6)


def release(job_id: UUID, *, by: str) -> bool:
    """Let a parked job run again; False where it is not parked. Its next park is as cheap as this one."""
    parked = Job.objects.filter(pk=job_id, status=Job.Status.PENDING, hold=CONFIGURATION)
    with transaction.atomic():
        seen = parked.first()
        if seen is None:
            return False
        hold = room.obstacle(seen)  # before the job's row, as everywhere
        job = parked.select_for_update().first()
        if job is None:
            return False
        job.hold, job.wakeup, job.run_after = hold, None, timezone.now()
        if hold is None:
            job.wakeup = queue.wake(job)
        job.save(update_fields=["hold", "wakeup", "run_after"])
        note(job.pk, "retried", by=by)
    return True


def ask_again(job: Job, *, by: Actor, reason: str | None = None) -> None:
    """What a person does who asks for the same work again: a parked job runs again, and that is audited."""
    with transaction.atomic():
        if release(job.pk, by=by.name):
            job.refresh_from_db()
            before, after = {"hold": CONFIGURATION}, {"hold": job.hold}
            audit.record("job.retry", "job", str(job.pk), by=by, reason=reason, before=before, after=after)


def release_all() -> int:
    """Let all parked jobs run again: settings come from the environment, so a worker that starts may have others."""
    parked = Job.objects.filter(status=Job.Status.PENDING, hold=CONFIGURATION).order_by("id")
    ids = list(parked.values_list("pk", flat=True)[:AT_ONCE])
    return sum(release(job_id, by="a worker that started") for job_id in ids)


def look_again() -> int:
    """Let jobs run again whose fault may have passed at the far end; how many, AT_ONCE at most."""
    limits: dict[str, Any] = {
        "codes": list(PASSING),
        "first": LOOK_AFTER,
        "longest": LOOK_AT_LAST,
        "most": AT_ONCE,
    }
    with connection.cursor() as cursor:
        cursor.execute(query("parked_due"), limits)
        due = [row[0] for row in cursor.fetchall()]
    return sum(release(job_id, by="a look whether it has passed") for job_id in due)
