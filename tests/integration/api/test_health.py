"""/api/v1/health…: open, and honest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from structlog.testing import capture_logs

from sync import health
from sync.audit import Actor
from sync.jobs import fleet, kinds
from sync.models import Worker
from tests import factories
from tests.farend import FarEnd

HEALTH = "/api/v1/health"


@pytest.fixture
def anyone(db: None) -> Iterator[Client]:
    health.far_ends.forget()
    yield Client()
    health.far_ends.forget()


def worker(ago: str = "0 s", name: str = "vm:1:a") -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO worker (name, host, pid, version, queues, heard_at)"
            " VALUES (%s, 'vm', 1, '0.1', '{sync}', now() - %s::interval)",
            (name, ago),
        )


def test_everything_at_a_glance(anyone: Client) -> None:
    worker()

    response = anyone.get(HEALTH)

    body = response.json()
    assert (response.status_code, body["status"]) == (200, "ok")
    assert body["version"]
    assert body["uptime_seconds"] >= 0
    assert set(body["checks"]) == {"database", "migrations", "smartplan"}


def test_the_database(anyone: Client) -> None:
    checks = anyone.get(f"{HEALTH}/database").json()["checks"]

    assert checks["database"]["status"] == checks["migrations"]["status"] == "ok"
    assert checks["database"]["server"]


def test_nobody_works(anyone: Client) -> None:
    worker(ago="31 s")

    response = anyone.get(f"{HEALTH}/smartplan")

    assert (response.status_code, response.json()["status"]) == (503, "degraded")
    assert "bridge worker" in response.json()["checks"]["smartplan"]["message"]
    assert anyone.get(HEALTH).status_code == 200, "records are served all the same"


def test_each_process_is_one_worker(anyone: Client) -> None:
    worker()
    assert anyone.get(HEALTH).json()["checks"]["smartplan"]["workers"] == 1
    worker(name="vm:2:b")
    assert anyone.get(HEALTH).json()["checks"]["smartplan"]["workers"] == 2


def test_it_tells_of_workers_that_are_drained(anyone: Client) -> None:
    worker()
    fleet.drain(by=Actor(name="olga", door="shell"))

    response = anyone.get(f"{HEALTH}/smartplan")

    assert (response.status_code, response.json()["status"]) == (503, "degraded")
    assert "bridge resume" in response.json()["checks"]["smartplan"]["message"]
    assert anyone.get(f"{HEALTH}/ready").status_code == 200, "requests are answered all the same"


def test_it_tells_of_jobs_that_no_worker_takes(anyone: Client) -> None:
    worker()
    factories.job(kind="refresh", run_after=factories.now())  # whose worker may start anew just now
    factories.job(kind="command", run_after=factories.now() - timedelta(minutes=2))
    message = "No worker takes what waits: command."

    assert message in anyone.get(f"{HEALTH}/smartplan").json()["checks"]["smartplan"]["message"]
    Worker.objects.update(queues=["command"], kinds=["push"])
    assert message in anyone.get(f"{HEALTH}/smartplan").json()["checks"]["smartplan"]["message"]
    Worker.objects.update(kinds=["push", "command"])
    assert anyone.get(f"{HEALTH}/smartplan").status_code == 200


def test_how_much_waits(anyone: Client) -> None:
    worker()
    factories.job(run_after=factories.now())
    factories.job(kind="refresh", hold="backoff")

    queues = anyone.get(f"{HEALTH}/smartplan").json()["checks"]["smartplan"]["queues"]

    assert {name: queue["length"] for name, queue in queues.items()} == {
        kinds.SYSTEM: 0,
        kinds.INTERACTIVE: 1,
        kinds.COMMAND: 0,
        kinds.SHORT: 0,
        kinds.SYNC: 1,
    }


def test_a_far_end_that_answers(anyone: Client) -> None:
    with FarEnd() as far_end:
        far_end.set("")
        shop = anyone.get(f"{HEALTH}/connector").json()["checks"]["shop"]

    assert shop["status"] == "ok", shop


def test_a_far_end_that_is_down(anyone: Client, reader: Client) -> None:
    response = anyone.get(f"{HEALTH}/connector")

    shop = response.json()["checks"]["shop"]
    assert response.status_code == 503
    assert shop["status"] == "down"
    assert shop["code"]
    assert "message" not in shop, "its words name addresses of the inside"
    assert reader.get(f"{HEALTH}/connector").json()["checks"]["shop"]["message"]


def test_a_far_end_is_not_asked_for_every_caller(anyone: Client) -> None:
    with FarEnd() as far_end:
        far_end.set("")
        anyone.get(f"{HEALTH}/connector")
        asked = len(far_end.asked)
        anyone.get(f"{HEALTH}/connector")

        assert len(far_end.asked) == asked


def test_a_503_is_a_warning_in_the_log(anyone: Client) -> None:
    with capture_logs() as told:
        assert anyone.get(f"{HEALTH}/smartplan").status_code == 503

    (line,) = told
    assert (line["log_level"], line["event"], line["status"]) == ("warning", "request answered", 503)


def test_live_asks_nothing(client: Client) -> None:
    assert client.get(f"{HEALTH}/live").json() == {"status": "ok"}


def test_ready_is_migrated(anyone: Client) -> None:
    assert anyone.get(f"{HEALTH}/ready").status_code == 200


def test_not_ready_before_migrate(anyone: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sync'")

    response = anyone.get(f"{HEALTH}/ready")

    assert response.status_code == 503
    assert "bridge migrate" in response.json()["checks"]["migrations"]["message"]
