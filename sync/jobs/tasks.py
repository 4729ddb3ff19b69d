"""What procrastinate knows of us: the delivery of a job, and the daily upkeep of the tables."""

from __future__ import annotations

from uuid import UUID

from procrastinate import JobContext
from procrastinate.contrib.django import app

from sync.jobs import events, reaper, run
from sync.jobs.fetching import Fetcher
from sync.jobs.going_on import go_on
from sync.jobs.kinds import SYSTEM
from sync.jobs.queue import RUN_JOB


@app.task(name=RUN_JOB, pass_context=True)
def run_job(context: JobContext, job_id: str, fence: int) -> str:
    """One delivery, and what its thread takes by itself then.

    No lock, no retry of the queue's own: they lose or block jobs; the job's row decides.
    """
    fetcher, delivery = context.app.job_manager, context.job
    claim = fetcher.claim_of(delivery.id) if isinstance(fetcher, Fetcher) and delivery.id else None
    outcome = run.run_claim(claim) if claim else run.run_job(UUID(job_id), fence)
    if delivery.worker_id is not None:
        go_on(delivery.queue, delivery.worker_id)
    return outcome


@app.periodic(cron="17 3 * * *")
@app.task(name="upkeep", queue=SYSTEM)
def upkeep(timestamp: int) -> None:
    """Once a day over all workers: partitions for the coming weeks, no wake-ups that came to nothing."""
    events.make_event_partitions()
    reaper.delete_failed_wakeups()
