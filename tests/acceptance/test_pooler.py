"""`bridge up` behind a PgBouncer that serves by transactions: requests go through it, all else past it."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.acceptance.running import Running, eventually
from tests.pgbouncer import pgbouncer
from tests.postgres_15 import INSTALLED, postgres_15

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.needs("pgbouncer")]


@pytest.fixture
def direct(tmp_path: Path) -> Iterator[str]:
    if not INSTALLED:
        pytest.skip("PostgreSQL 15 is not installed (.ci/run installs it)")
    place = tmp_path / "postgres"
    place.mkdir()
    with postgres_15(place) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ALTER ROLE postgres SET search_path = bridge")
        yield url


def test_it_serves_syncs_and_mends_as_without(direct: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        pooled = stack.enter_context(pgbouncer(tmp_path / "pgbouncer", direct, size=2))
        running = Running(tmp_path, DATABASE_URL=pooled, DATABASE_DIRECT_URL=direct)
        stack.callback(running.wreck)
        running.greeted()
        eventually(lambda: running.entities()["netsuite.customers"]["records"] == 19_820, running)
        for _ in range(20):
            assert running.get("/api/v1/customers?limit=5")[0] == 200
        (one,) = running.get("/api/v1/customers?limit=1")[1]["items"]
        path = f"/api/v1/customers/{one['key']}"
        before = running.get(path)[1]
        assert running.get(path)[1] == before
        change(direct, one["data"]["netsuite_id"])
        eventually(lambda: running.get(path)[1] != before, running)
        job = started(running)
        eventually(lambda: running.get(job)[1]["status"] == "success", running)


def test_requests_go_through_it_and_workers_past_it(direct: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        pooler = stack.enter_context(ExitStack())
        pooled = pooler.enter_context(pgbouncer(tmp_path / "pgbouncer", direct))
        running = Running(tmp_path, DATABASE_URL=pooled, DATABASE_DIRECT_URL=direct)
        stack.callback(running.wreck)
        running.greeted()
        assert running.get("/api/v1/trackers")[0] == 200

        pooler.close()

        assert running.get("/api/v1/trackers")[0] == 503
        eventually(lambda: records(direct) == 19_820, running)
        assert running.stop() == 0


def records(url: str) -> int:
    """Customers that were read."""
    with psycopg.connect(url, autocommit=True, options="-c search_path=bridge") as connection:
        found = connection.execute(
            "SELECT live_rows FROM tracker t JOIN entity e ON e.id = t.entity_id WHERE path = 'netsuite.customers'"
        ).fetchone()
    assert found is not None
    return int(found[0])


def change(url: str, key: str) -> None:
    """As a sync does: the row and the word to those who keep answers."""
    with psycopg.connect(url, autocommit=True, options="-c search_path=bridge") as connection:
        connection.execute(
            "UPDATE record SET data = data || %s, changed_at = now() WHERE data->>'netsuite_id' = %s"
            " AND entity_id = (SELECT id FROM entity WHERE path = 'netsuite.customers')",
            [Jsonb({"name": "Changed"}), key],
        )
        number = connection.execute("SELECT id FROM entity WHERE path = 'netsuite.customers'").fetchone()
        assert number is not None
        connection.execute("SELECT pg_notify('bridge_changed', %s)", [json.dumps({"e": number[0], "k": "*"})])


def started(running: Running) -> str:
    """Where the job is of a sync that was asked for through the API."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{running.port}/api/v1/sync/start",
        data=json.dumps({"entity": "netsuite.products"}).encode(),
        headers={"Authorization": f"Bearer {running.token()}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(answer.headers["Location"])
