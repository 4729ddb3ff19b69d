"""The worker is killed again and again in the middle of a sync: it ends by itself, and every row is there once."""

from __future__ import annotations

import json
import os
import re
import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.running import Running, eventually, greeted

pytestmark = pytest.mark.slow
CUSTOMERS = 19_820
KILLS = 5


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Running]:
    with greeted(tmp_path, "--no-sync", BRIDGE_BATCH_ROWS="1000") as running:
        yield running


def mood(running: Running, system: str, **wanted: Any) -> None:
    found = re.search(r"http://127\.0\.0\.1:\d+/_control", running.greeted())
    assert found
    body = json.dumps(wanted).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{found[0]}/{system}/mood", data=body)) as answer:
        assert answer.status == 200


def job(running: Running, number: str) -> dict[str, Any]:
    status, found = running.get(f"/api/v1/jobs/{number}")
    assert status == 200
    return dict(found)


def batches(running: Running, number: str) -> list[dict[str, Any]]:
    status, found = running.get(f"/api/v1/batches?job={number}&limit=200")
    assert status == 200
    return list(found["items"])


def test_it_ends_by_itself_with_every_row_once(up: Running) -> None:
    mood(up, "netsuite", mood="slow", delay=0.6)
    number = json.loads(up.bridge("sync", "customers", "--json"))["id"]

    for kill in range(1, KILLS + 1):
        eventually(lambda kill=kill: len(batches(up, number)) >= 2 * kill, up)  # type: ignore[misc]
        time.sleep(0.13 * kill)  # at another place of a batch each time
        worker = up.pid_of("worker")
        os.kill(worker, signal.SIGKILL)
        eventually(lambda worker=worker: worker not in up.processes(), up)  # type: ignore[misc]

    eventually(lambda: job(up, number)["status"] == "success", up)
    assert up.entities()["netsuite.customers"]["records"] == CUSTOMERS
    done = batches(up, number)
    counts = [batch["counts"] for batch in done]
    assert sum(count["rows_fetched"] for count in counts) == CUSTOMERS
    assert sum(count["inserted"] for count in counts) == CUSTOMERS
    assert len({batch["seq"] for batch in done}) == len(done)
    assert len(job(up, number)["runs"]) == KILLS + 1
    assert job(up, number)["attempts"] == 0
