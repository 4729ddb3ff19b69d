"""What procrastinate knows of us: the delivery of a job, and the daily upkeep of the tables."""

from __future__ import annotations

from uuid import UUID

from procrastinate.contrib.django import app

from sync.jobs import events, reaper, run
from sync.jobs.kinds import SYSTEM
from sync.jobs.queue import RUN_JOB


@app.task(name=RUN_JOB)
def run_job(job_id: str, fence: int) -> str:
    """One delivery. No lock, no retry of the queue's own: they lose or block jobs; the job's row decides."""
    return run.run_job(UUID(job_id), fence)


@app.periodic(cron="17 3 * * *")
@app.task(name="upkeep", queue=SYSTEM)
def upkeep(timestamp: int) -> None:
    """Once a day over all workers: partitions for the coming weeks, no wake-ups that came to nothing."""
    events.make_event_partitions()
    reaper.delete_failed_wakeups()
