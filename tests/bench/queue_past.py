"""A queue with a long past: finished jobs with their attempts, and jobs that wait for four sorts of reasons."""

from __future__ import annotations

from collections.abc import Mapping
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
SELECT (lpad(to_hex(%(first)s + n), 12, '0') || '70008000000000000000')::uuid, %(kind)s, 'pending', %(hold)s,
       %(scopes)s, %(priority)s, jsonb_build_object('no', %(first)s + n, 'asked', 0), 'bench', now() + %(later)s
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


def write(connection: psycopg.Connection[Any], finished: int, waiting: int, kinds: Mapping[str, str]) -> None:
    """A quarter of those that wait is in backoff, waits for room, is in another queue, comes after all others.

    `kinds` tells the queue of each kind that is measured: those that come after all others are of these.
    """
    connection.execute(FINISHED, {"number": finished})
    kind, *_ = kinds
    plain: dict[str, Any] = {"kind": kind, "hold": None, "scopes": [], "priority": 0, "later": timedelta()}
    sorts: list[tuple[dict[str, Any], int]] = [
        ({"hold": "backoff", "later": timedelta(days=1)}, 4),
        ({"hold": "limit", "scopes": ["entity:elsewhere"]}, 4),
        ({"priority": 30}, 4),
        *(({"kind": last, "priority": _last(no)}, 4 * len(kinds)) for no, last in enumerate(kinds)),
    ]
    for number, (sort, part) in enumerate(sorts):
        first = 1_600_000_000_000 + number * waiting
        connection.execute(WAITING, {**plain, **sort, "first": first, "number": waiting // part})
        if not sort.get("hold"):
            connection.execute(WAKE, {"priority": sort["priority"], "queue": NOBODY})


def serve_last(connection: psycopg.Connection[Any], kinds: Mapping[str, str], kind: str | None) -> None:
    """Let those that come after all others be served if they are of this kind; the others by nobody.

    Else workers would do them beside what is measured, where that is in another queue, and an idle worker never be.
    """
    for no, (last, queue) in enumerate(kinds.items()):
        connection.execute(
            "UPDATE procrastinate_jobs SET queue_name = %s WHERE priority = %s AND status = 'todo'",
            (queue if last == kind else NOBODY, _last(no)),
        )


def _last(no: int) -> int:
    return -10 - no
