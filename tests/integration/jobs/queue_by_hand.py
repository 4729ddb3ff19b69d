"""A worker without a process: it takes wake-ups out of the queue and runs their jobs, in the thread that calls."""

from __future__ import annotations

import time

from django.db import connection

from sync.jobs.run import run_job
from sync.models import Job


def work_until_empty(jobs: int) -> None:
    """Run what is due until so many jobs have ended well."""
    while Job.objects.filter(status="success").count() < jobs:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE procrastinate_jobs SET status = 'doing' WHERE id = (SELECT id FROM procrastinate_jobs"
                " WHERE status = 'todo' LIMIT 1 FOR UPDATE SKIP LOCKED)"
                " RETURNING (args->>'job_id')::uuid, (args->>'fence')::int"
            )
            row = cursor.fetchone()
        if row:
            run_job(*row)
        else:
            time.sleep(0.01)
