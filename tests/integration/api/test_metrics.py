"""/metrics."""

from __future__ import annotations

import subprocess
from datetime import timedelta

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from sync.models import Budget
from tests import factories
from tests.integration.api.conftest import Calling, completed

ELSEWHERE = "192.0.2.7"


def samples(client: Client, path: str = "/metrics") -> dict[tuple[str, tuple[str, ...]], float]:
    text = client.get(path).content.decode()
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_it_shows_what_the_database_holds(db: None) -> None:
    completed("shop.gadgets", ago=timedelta(minutes=1))
    factories.failed_record()
    factories.pending_child()
    factories.command("unknown", job=factories.dead_job())
    factories.job(run_after=factories.now() - timedelta(seconds=40))

    found = samples(Client())

    assert found["bridge_failed_records", ("shop.gadgets",)] == 1
    assert found["bridge_failed_records", ("shop.makers",)] == 0
    assert found["bridge_pending_children", ("shop.gadgets",)] == 1
    assert found["bridge_dead_jobs", ("shop.gadgets",)] == 1
    assert found["bridge_unknown_commands", ("shop.mail",)] == 1
    assert found["bridge_unknown_commands", ("shop.book",)] == 0
    assert found["bridge_dead_jobs", ("none",)] == 0
    assert found["bridge_queue_length", ("sync",)] == 1
    assert 40 <= found["bridge_queue_oldest_seconds", ("sync",)] < 60
    assert 60 <= found["bridge_freshness_seconds", ("shop.gadgets",)] < 80


def test_it_tells_how_many_workers_take_jobs(db: None) -> None:
    worker = factories.worker()
    assert samples(Client())["bridge_workers", ("sync",)] == 1
    assert samples(Client())["bridge_workers", ("command",)] == 0

    worker.draining_since = factories.now()
    worker.save()

    assert samples(Client())["bridge_workers", ("sync",)] == 0


def test_it_tells_what_is_left_of_a_quota_and_when_what_waits_may_be_done(db: None) -> None:
    row = {"system": "netsuite", "rate": 10.0, "burst": 20.0, "tokens": 3.0, "at": factories.now()}
    Budget.objects.create(**row, day_quota=50, day_used=48, day=factories.now().date(), edited=True)
    factories.job("netsuite.customers")

    found = samples(Client())

    assert found["bridge_quota_remaining", ("netsuite",)] == 2
    assert found["netsuite_rate_limit_remaining", ()] == 2, "no more may leave today"
    assert 0 < found["bridge_backlog_seconds", ("netsuite",)] < 1
    assert found["bridge_backlog_seconds", ("shop",)] == 0
    assert ("bridge_quota_remaining", ("shop",)) not in found


def test_it_counts_requests_by_route(reader: Client) -> None:
    factories.record()
    labels = ("/api/v1/shop/gadgets/{key}", "GET", "200")
    before = samples(Client()).get(("api_requests_total", labels), 0)

    reader.get("/api/v1/gadgets/1")

    found = samples(Client(), "/admin/metrics")
    assert found["api_requests_total", labels] == before + 1
    assert found["api_request_duration_seconds_count", labels[:2]] >= 1


def test_no_label_is_what_a_caller_wrote(reader: Client) -> None:
    for path in (
        "/api/v1/nonsense-7",
        "/api/v1/jobs/nonsense-7",
        "/nonsense-7",
        "/api/v1/gadgets/nonsense-7",
    ):
        reader.get(path)
    reader.generic("NONSENSE-7", "/api/v1/jobs")

    assert b"nonsense" not in Client().get("/metrics").content.lower()


@pytest.mark.parametrize("headers", [{"x-forwarded-for": "127.0.0.1"}, {"forwarded": "for=127.0.0.1"}])
def test_a_request_that_a_proxy_passed_on_is_not_local(db: None, headers: dict[str, str]) -> None:
    assert Client().get("/metrics", headers=headers).status_code == 401


def test_from_elsewhere_it_needs_the_scope(db: None, calling: Calling) -> None:
    assert Client().get("/metrics", REMOTE_ADDR=ELSEWHERE).status_code == 401
    assert calling("read").get("/metrics", REMOTE_ADDR=ELSEWHERE).status_code == 403
    assert calling("metrics").get("/metrics", REMOTE_ADDR=ELSEWHERE).status_code == 200


@pytest.mark.needs("promtool")
def test_prometheus_finds_nothing_to_mend(db: None) -> None:
    scrape = Client().get("/metrics").content

    done = subprocess.run(["promtool", "check", "metrics"], input=scrape, capture_output=True, check=False)

    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_it_says_how_long_the_oldest_orphan_waits(reader: Client) -> None:
    factories.pending_child(created_at=factories.now() - timedelta(minutes=3))

    line = next(
        line
        for line in reader.get("/metrics").content.decode().splitlines()
        if line.startswith('bridge_pending_oldest_seconds{entity="shop.gadgets"}')
    )

    assert float(line.rpartition(" ")[2]) >= 180
