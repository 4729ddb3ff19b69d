"""Two workers on machines of their own; the network of one is cut for a minute in the middle of its work."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.acceptance.running import ROOT, bridge, clean_environment, eventually
from tests.chaos.far_end import FarEnd
from tests.chaos.invariants import broken, broken_job
from tests.chaos.netns import CannotBeMade, Namespace, Namespaces
from tests.chaos.points import Order
from tests.postgres_15 import INSTALLED, postgres_15

pytestmark = [pytest.mark.slow, pytest.mark.long]
CUT_FOR = 60.0
SETTLES = 15.0  # seconds that the worker gets to do what it may not do, when it is back
ATTEMPTS = "SELECT worker, outcome FROM attempt WHERE job_id = %s ORDER BY no"


class Site:
    """A database and a far end that workers on other machines use."""

    def __init__(self, folder: Path, url: str, far: FarEnd) -> None:
        self.folder, self.url, self.far = folder, url, far
        self.environment = clean_environment() | {
            "DATABASE_URL": url,
            "PYTHONPATH": str(ROOT),
            "BRIDGE_DATA_DIR": str(folder / ".bridge"),
            "BRIDGE_SYSTEMS": "tests.chaos.system",
            "BRIDGE_BUILTIN_SYSTEMS": "apismith",
            "BRIDGE_BATCH_ROWS": "500",
            "BRIDGE_HTTP_TIMEOUT": "2",
            "CHAOS_URL": far.url,
        }

    def rows(self, statement: str, *given: Any) -> list[tuple[Any, ...]]:
        """Ask the database."""
        options = "-c search_path=bridge"
        with psycopg.connect(self.url, autocommit=True, options=options) as connection:
            return connection.execute(statement.encode(), given).fetchall()

    def bridge(self, *arguments: str) -> str:
        """Run a command here, where nothing is cut."""
        done = bridge(self.folder, *arguments, environment=self.environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def sync(self, entity: str) -> str:
        """Ask for a full read; the job."""
        return str(json.loads(self.bridge("sync", entity, "--full", "--json"))["id"])

    def status(self, job: str) -> str:
        """How a job stands."""
        return str(self.rows("SELECT status FROM job WHERE id = %s", job)[0][0])

    def settled(self) -> bool:
        """Whether no job is left."""
        return self.rows("SELECT count(*) FROM job WHERE status IN ('pending', 'processing')") == [(0,)]


class Worker:
    """A worker on a machine of its own, started again when it gives up, as a supervisor does."""

    def __init__(self, site: Site, place: Namespace) -> None:
        self.place, self._site = place, site
        self.points = site.folder / place.name
        self.points.mkdir()
        self.log = self.points / "log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it works."""
        known = self.log.read_text().count("worker_started") if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.place.command(sys.executable, "-m", "bridge", "worker"),
                cwd=self._site.folder,
                env=self._site.environment | {"CHAOS_DIR": str(self.points)},
                stdout=log,
                stderr=log,
            )
        eventually(lambda: self.log.read_text().count("worker_started") > known)

    def heal(self) -> None:
        """Start it again if it has ended."""
        if self._process is None or self._process.poll() is not None:
            self.start()

    def stop(self) -> None:
        """End it."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


@pytest.fixture
def network() -> Iterator[Namespaces]:
    if os.geteuid() != 0:
        pytest.skip("only root can make network namespaces")
    try:
        with Namespaces(2) as made:
            yield made
    except CannotBeMade as error:
        pytest.skip(f"no network namespaces here: {error}")


@pytest.fixture
def site(network: Namespaces, tmp_path: Path) -> Iterator[Site]:
    if not INSTALLED:
        pytest.skip("PostgreSQL 15 is not installed (.ci/run installs it)")
    folder = tmp_path / "postgres"
    folder.mkdir()
    with postgres_15(folder, network.here) as url, FarEnd(host=network.here) as far:
        made = Site(tmp_path, url, far)
        made.bridge("migrate", "-v0")
        made.rows("UPDATE schedule SET enabled = false RETURNING id")
        yield made


@pytest.fixture
def workers(site: Site, network: Namespaces) -> Iterator[tuple[Worker, Worker]]:
    with ExitStack() as stack:
        first, second = (Worker(site, place) for place in network.all)
        for worker in (first, second):
            stack.callback(worker.stop)
        yield first, second


@pytest.mark.parametrize("point", ["fetch", "ingest", "commit"])
def test_what_a_cut_off_worker_held_goes_on_elsewhere_and_is_done_once(
    site: Site, workers: tuple[Worker, Worker], point: str
) -> None:
    cut, other = workers
    cut.start()
    for entity in ("chaos.makers", "chaos.widgets"):
        site.sync(entity)
        eventually(site.settled)
    site.far.turn(random.Random(point))

    order = Order(cut.points, point, 2)
    job = site.sync("chaos.widgets")
    eventually(lambda: order.reached)
    other.start()
    cut.place.cut()
    began = time.monotonic()
    order.go()
    eventually(site.settled)
    assert site.status(job) == "success"
    assert time.monotonic() - began < CUT_FOR, "it had to wait for the network"
    time.sleep(max(0.0, CUT_FOR - (time.monotonic() - began)))
    cut.place.mend()
    time.sleep(SETTLES)

    assert [*broken(site, lied=False), *broken_job(site, job, calm=False)] == []
    attempts = site.rows(ATTEMPTS, job)
    assert [outcome for _, outcome in attempts] == ["lost", "success"]
    assert attempts[0][0] != attempts[1][0]
    other.stop()
    cut.heal()
    site.far.turn(random.Random(point + "again"))
    job = site.sync("chaos.widgets")
    eventually(site.settled)
    assert [*broken(site, lied=False), *broken_job(site, job, calm=False)] == []
