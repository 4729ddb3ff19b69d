"""A queue with a long past: finished jobs with their attempts, and jobs that wait for four sorts of reasons."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg

FINISHED = """
WITH past AS (
  SELECT (lpad(to_hex(1700000000000 + n), 12, '0') || '70008000000000000000')::uuid AS id, n,
         now() - interval '1 day' + n * interval '50 milliseconds' AS at
  FROM generate_series(1, %(number)s) n
), done AS (
  INSERT INTO job (id, kind, status, params, fence, worker, result, requested_by, created_at, run_after,
                   started_at, finished_at)
  SELECT id, 'row', 'success', jsonb_build_object('no', n), 1, 'elsewhere:1:0', '{}', 'bench', at, at, at, at FROM past
)
INSERT INTO attempt (id, job_id, no, fence, worker, started_at, finished_at, outcome)
SELECT id, id, 1, 1, 'elsewhere:1:0', at, at, 'success' FROM past
"""
WAITING = """
INSERT INTO job (id, kind, status, hold, scopes, priority, params, requested_by, run_after)
SELECT (lpad(to_hex(%(first)s + n), 12, '0') || '70008000000000000000')::uuid, 'row', 'pending', %(hold)s, %(scopes)s,
       %(priority)s, jsonb_build_object('no', %(first)s + n, 'asked', 0), 'bench', now() + %(later)s
FROM generate_series(1, %(number)s) n
"""
WAKE = """
WITH woken AS (
  INSERT INTO procrastinate_jobs (queue_name, task_name, priority, args)
  SELECT %(queue)s, 'run_job', priority, jsonb_build_object('job_id', id, 'fence', 0) FROM job
  WHERE status = 'pending' AND hold IS NULL AND priority = %(priority)s RETURNING id, args
)
UPDATE job SET wakeup = woken.id FROM woken WHERE job.id = (woken.args->>'job_id')::uuid
"""
NOBODY = "elsewhere"
"""A queue that no worker serves."""


def write(connection: psycopg.Connection[Any], finished: int, waiting: int, queue: str) -> None:
    """A quarter of those that wait is in backoff, waits for room, is in another queue, comes after all others."""
    connection.execute(FINISHED, {"number": finished})
    sorts: list[dict[str, Any]] = [
        {"hold": "backoff", "scopes": [], "priority": 0, "later": timedelta(days=1)},
        {"hold": "limit", "scopes": ["entity:elsewhere"], "priority": 0, "later": timedelta()},
        {"hold": None, "scopes": [], "priority": 30, "later": timedelta()},
        {"hold": None, "scopes": [], "priority": -10, "later": timedelta()},
    ]
    for number, sort in enumerate(sorts):
        first = 1_600_000_000_000 + number * waiting
        connection.execute(WAITING, {**sort, "first": first, "number": waiting // len(sorts)})
    connection.execute(WAKE, {"priority": 30, "queue": NOBODY})
    connection.execute(WAKE, {"priority": -10, "queue": queue})


def put_aside(connection: psycopg.Connection[Any]) -> None:
    """Let nobody serve those that come after all others: an idle worker is to be measured."""
    connection.execute(
        "UPDATE procrastinate_jobs SET queue_name = %s WHERE priority = -10 AND status = 'todo'", (NOBODY,)
    )
