"""A thread that has ended a job takes the next one itself, past the loop that gave it the first."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import connection

from sync.jobs import group
from sync.jobs.fetching import claim_from, take_next
from sync.jobs.kinds import SHORT
from sync.jobs.lease import leases
from sync.jobs.run import run_claim, run_job


def go_on(queue: str, taker: int | None) -> None:
    """Run what waits in the queue until nothing does, or this worker takes no more."""
    most = group.MOST if queue == SHORT else 1
    while not leases.closed and (rows := take_next(queue, taker, most)):
        claims = [claim_from(row) for row in rows if row["no"] is not None]
        if queue == SHORT:
            group.run(claims)
        else:
            for claim in claims:
                run_claim(claim)
        for row in rows:
            if row["no"] is None:
                _run_alone(row)


def _run_alone(row: dict[str, Any]) -> None:
    """Run a delivery whose job was not in order: the ordinary way waits for locks and puts off what has to wait."""
    run_job(UUID(row["args"]["job_id"]), row["args"]["fence"])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [row["wakeup"]])
