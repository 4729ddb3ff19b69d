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
PATIENCE = 150.0
"""Seconds for a drain."""
BEATS = 500
PAUSE = 0.01


def drained(connection: psycopg.Connection[Any], jobs: int, workers: int) -> int:
    """Jobs a second, from the first row of the last worker to join until the last row."""
    until = time.monotonic() + PATIENCE
    while _one(connection, "SELECT count(*) FROM bench_row") < jobs:
        if time.monotonic() > until:
            raise TimeoutError(
                f"{_one(connection, 'SELECT count(*) FROM bench_row')} of {jobs} jobs are done"
            )
        time.sleep(0.1)
    seen = _one(connection, "SELECT count(DISTINCT pid) FROM bench_row")
    assert seen == workers, f"{seen} of {workers} workers had a part: ask for more jobs"
    return round(
        float(
            _one(
                connection,
                """
            WITH joined AS (SELECT max(first) AS at FROM (SELECT min(at) AS first FROM bench_row GROUP BY pid) AS each)
            SELECT count(*) / extract(epoch FROM max(r.at) - min(joined.at))
            FROM bench_row r, joined WHERE r.at > joined.at
            """,
            )
        )
    )


def latencies(connection: psycopg.Connection[Any], put: Callable[[int], object]) -> dict[str, float]:
    """Milliseconds from the call that asks for a job to the start of its work, on an idle worker."""
    for no in range(10):  # until everything is loaded, connected and prepared
        put(-1 - no)
        time.sleep(0.2)
    _until(connection, 10)
    for no in range(BEATS):
        put(no)
        time.sleep(PAUSE)
    _until(connection, 10 + BEATS)
    row = connection.execute(
        "SELECT percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY (started - asked) * 1000)"
        " FROM bench_row WHERE no >= 0"
    ).fetchone()
    assert row is not None
    return {"latency_p50_ms": round(row[0][0], 2), "latency_p99_ms": round(row[0][1], 2)}


def _until(connection: psycopg.Connection[Any], rows: int) -> None:
    until = time.monotonic() + PATIENCE
    while _one(connection, "SELECT count(*) FROM bench_row") < rows:
        assert time.monotonic() < until, "the worker does not come"
        time.sleep(0.05)


def _one(connection: psycopg.Connection[Any], statement: str) -> Any:
    row = connection.execute(statement).fetchone()
    assert row is not None
    return row[0]
