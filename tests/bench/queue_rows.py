"""The one row that each job of the queue's benchmark writes, and what the rows tell; for Bridge and its peers alike."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import psycopg

TABLE = """
CREATE TABLE bench_row (
  no bigint PRIMARY KEY, pid int NOT NULL, asked float8 NOT NULL, started float8 NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
)"""
INSERT = "INSERT INTO bench_row (no, pid, asked, started) VALUES (%s, %s, %s, %s)"
RATE = """
WITH mine AS (SELECT pid, at FROM bench_row WHERE no >= 0 AND no < %(jobs)s),
  joined AS (SELECT max(first) AS at, count(*) AS workers FROM (SELECT min(at) AS first FROM mine GROUP BY pid) AS each)
SELECT min(joined.workers), count(*) / extract(epoch FROM max(mine.at) - min(joined.at))
FROM mine, joined WHERE mine.at > joined.at
"""
WARMING_UP = 10
PATIENCE = 150.0
"""Seconds for a drain."""
BEATS = 500
PAUSE = 0.01


def drained(connection: psycopg.Connection[Any], jobs: int, workers: int) -> int:
    """Jobs a second, from the first row of the last worker to join until the last row.

    Counted are those numbered from 0: what waited before them writes rows too, under numbers of its own.
    """
    until = time.monotonic() + PATIENCE
    while (done := _done(connection, 0, jobs)) < jobs:
        if time.monotonic() > until:
            raise TimeoutError(f"{done} of {jobs} jobs are done")
        time.sleep(0.1)
    row = connection.execute(RATE, {"jobs": jobs}).fetchone()
    assert row is not None
    assert row[0] == workers, f"{row[0]} of {workers} workers had a part: ask for more jobs"
    return round(float(row[1]))


def latencies(connection: psycopg.Connection[Any], put: Callable[[int], object]) -> dict[str, float]:
    """Milliseconds from the call that asks for a job to the start of its work, on an idle worker."""
    for no in range(-WARMING_UP, 0):  # until everything is loaded, connected and prepared
        put(no)
        time.sleep(0.2)
    _until(connection, -WARMING_UP, 0)
    for no in range(BEATS):
        put(no)
        time.sleep(PAUSE)
    _until(connection, 0, BEATS)
    row = connection.execute(
        "SELECT percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY (started - asked) * 1000)"
        " FROM bench_row WHERE no >= 0 AND no < %s",
        [BEATS],
    ).fetchone()
    assert row is not None
    return {"latency_p50_ms": round(row[0][0], 2), "latency_p99_ms": round(row[0][1], 2)}


def _until(connection: psycopg.Connection[Any], first: int, end: int) -> None:
    until = time.monotonic() + PATIENCE
    while _done(connection, first, end) < end - first:
        assert time.monotonic() < until, "the worker does not come"
        time.sleep(0.05)


def _done(connection: psycopg.Connection[Any], first: int, end: int) -> int:
    row = connection.execute(
        "SELECT count(*) FROM bench_row WHERE no >= %s AND no < %s", [first, end]
    ).fetchone()
    assert row is not None
    return int(row[0])
