"""The far end in a bad mood: what fails is retried, shown and mended; children wait for their parents."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from tests.acceptance.running import Running, eventually, greeted

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with greeted(tmp_path_factory.mktemp("moods"), "--no-sync") as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def dying(up: Running) -> Iterator[subprocess.Popen[str]]:
    """Somebody waits for a job of a far end that fails: a good minute, in which the tests of APISmith run."""
    control(up, "netsuite/mood", mood="500")
    command = [sys.executable, "-m", "bridge", "sync", "products", "--wait", "--json"]
    with (up.folder / "dying.json").open("w") as out:
        waiting = subprocess.Popen(command, cwd=up.folder, env=up.environment, stdout=out, text=True)
    yield waiting
    waiting.kill()
    waiting.wait()


@pytest.fixture(scope="module")
def dead(up: Running, dying: subprocess.Popen[str]) -> dict[str, Any]:
    """That job, once it has ended."""
    assert dying.wait() == 1
    return job(up, json.loads((up.folder / "dying.json").read_text())["id"])


@pytest.fixture(autouse=True)
def good_again(up: Running) -> Iterator[None]:
    yield
    control(up, "apismith/mood", mood="ok")


def control(running: Running, path: str, **body: Any) -> Any:
    found = re.search(r"http://127\.0\.0\.1:\d+/_control", running.greeted())
    assert found
    data = json.dumps(body).encode() if body else None
    with urllib.request.urlopen(urllib.request.Request(f"{found[0]}/{path}", data=data)) as answer:
        return json.load(answer)


def asked(running: Running, system: str, status: int | None = None) -> list[float]:
    """The moments at which the far end was asked."""
    log = control(running, f"{system}/log")
    entries = log if isinstance(log, list) else next(part for part in log.values() if isinstance(part, list))
    return [entry["at"] for entry in entries if status in (None, entry["status"])]


def sync(running: Running, entity: str, *more: str, code: int = 0) -> dict[str, Any]:
    return dict(json.loads(running.bridge("sync", entity, "--wait", "--json", *more, code=code)))


def job(running: Running, number: str) -> dict[str, Any]:
    status, found = running.get(f"/api/v1/jobs/{number}")
    assert status == 200
    return dict(found)


def gaps(runs: list[dict[str, Any]]) -> list[float]:
    """Seconds from the end of each run to the start of the next."""
    ended = [datetime.fromisoformat(run["finished_at"]) for run in runs[:-1]]
    began = [datetime.fromisoformat(run["started_at"]) for run in runs[1:]]
    return [(start - end).total_seconds() for end, start in zip(ended, began, strict=True)]


def test_lines_before_their_orders_come_with_them(up: Running) -> None:
    assert sync(up, "apismith.order_lines")["result"]["pending"] == 2_155
    assert up.entities()["apismith.order_lines"]["pending"] == 2_155

    for entity in ("customers", "items", "orders"):
        sync(up, f"apismith.{entity}")

    eventually(lambda: up.entities()["apismith.order_lines"]["pending"] == 0, up)
    assert up.entities()["apismith.order_lines"]["records"] == 2_155


def test_dirty_rows_are_set_aside_and_mended(up: Running) -> None:
    control(up, "apismith/mood", mood="dirty", entity="customers", rows=["ALFKI", "ANATR"])

    counts = sync(up, "apismith.customers", "--full")["result"]

    assert (counts["rows_fetched"], counts["failed"]) == (91, 2)
    failed = json.loads(up.bridge("failed", "list", "--json"))
    rows = failed if isinstance(failed, list) else failed["items"]
    assert len(rows) == 2
    control(up, "apismith/mood", mood="ok")
    for row in rows:
        _status, detail = up.get(f"/api/v1/failed-records/{row['id']}")
        given = {error["field"] for error in detail["errors"]}
        assert given
    sync(up, "apismith.customers", "--full")
    eventually(lambda: up.entities()["apismith.customers"]["failed"] == 0, up)


def test_wrong_credentials_park_the_job_with_a_sentence(
    up: Running, tmp_path_factory: pytest.TempPathFactory
) -> None:
    found = re.search(r"(http://127\.0\.0\.1:\d+)/_control", up.greeted())
    assert found
    other = Running(
        tmp_path_factory.mktemp("stranger"), "--no-sync", APISMITH_URL=f"{found[1]}/apismith",
        INTERNAL_SERVICE_JWT_SECRET="another-secret-of-more-than-32-bytes", BRIDGE_BUILTIN_SYSTEMS="apismith",
        APISMITH_PRIVATE="true",
    )  # fmt: skip
    try:
        other.greeted()
        parked = sync(other, "apismith.customers", code=1)
        assert (parked["status"], parked["hold"]) == ("pending", "configuration")
        assert "credentials" in parked["error"]
    finally:
        other.wreck()


def test_errors_are_retried_in_tiers_and_then_shown(up: Running, dead: dict[str, Any]) -> None:
    assert (dead["status"], dead["attempts"], len(dead["runs"])) == ("failed", 4, 4)
    first, second, third = gaps(dead["runs"])
    assert 1 <= first < 10 <= second < 60 <= third  # never early; a busy machine may start one late
    assert "sandbox-mood-500" in dead["error"]
    control(up, "netsuite/mood", mood="ok")
    up.bridge("jobs", "retry", dead["id"])
    eventually(lambda: job(up, dead["id"])["status"] == "success", up)
    assert up.entities()["netsuite.products"]["records"] == 504


@pytest.mark.usefixtures("dead")
def test_retry_after_is_obeyed_by_every_job_of_the_system(up: Running) -> None:
    control(up, "netsuite/mood", mood="429", retry_after=7, times=1)
    first = json.loads(up.bridge("sync", "products", "--json"))
    eventually(lambda: asked(up, "netsuite", 429), up)
    (refused,) = asked(up, "netsuite", 429)
    second = json.loads(up.bridge("sync", "customers", "--json"))

    eventually(lambda: job(up, first["id"])["status"] == job(up, second["id"])["status"] == "success", up)

    assert min(moment for moment in asked(up, "netsuite") if moment > refused) >= refused + 7
