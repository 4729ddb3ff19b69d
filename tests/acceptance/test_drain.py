"""A deployment under load: two workers are drained and replaced while syncs, pushes and commands are asked for."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.running import eventually
from tests.chaos.commands import Commands
from tests.chaos.hub import broken_hub
from tests.chaos.invariants import broken, broken_job
from tests.chaos.ran import Ran
from tests.chaos.world import World

pytestmark = [pytest.mark.slow, pytest.mark.long]
RUNNING = "SELECT count(*) FROM job WHERE status = 'processing'"
OUTCOMES = """
    SELECT outcome, count(*)::int FROM attempt JOIN job ON job.id = job_id
    WHERE job.created_at >= to_timestamp(%s) GROUP BY outcome
"""
BURNED = "SELECT count(*) FROM job WHERE (attempts > 0 OR deaths > 0) AND created_at >= to_timestamp(%s)"


class Second:
    """A worker beside that of `bridge up`."""

    def __init__(self, world: World) -> None:
        assert world.running is not None
        self._world = world
        self._log = world.folder / "second.log"
        self._environment = {
            name: value for name, value in world.running.environment.items() if name != "CHAOS_DIR"
        }
        self._started = 0
        self.start()

    def start(self) -> None:
        """Start it, and wait until it works."""
        self._started += 1
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bridge", "worker"],
                cwd=self._world.folder,
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        eventually(lambda: self._log.read_text().count("worker_started") >= self._started)

    def stop(self) -> int:
        """As a deployment does; its exit code."""
        self._process.terminate()
        return self._process.wait()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "world", embedded=False) as made:
        yield made


@pytest.fixture
def second(world: World) -> Iterator[Second]:
    made = Second(world)
    yield made
    made.stop()


def deployed(world: World, second: Second, dice: random.Random, mark: str) -> None:
    """Drain under load, replace both workers, and let them go on."""
    assert world.running is not None
    world.far.turn(dice)
    messages = [Commands(world, Ran(f"{mark} {client}", 7)) for client in range(2)]
    for one in messages:
        one.prepare(dice)
    job = world.sync("chaos.widgets")
    for one in messages:
        one.begin()
    eventually(lambda: world.rows(RUNNING) != [(0,)])

    wait = str(dice.randrange(3))
    world.running.bridge("drain", "--wait", wait)  # which ends with 0 where nothing runs, in time

    for one in messages:
        one.await_end()  # the web server goes on taking them
    assert world.rows(RUNNING) == [(0,)]
    assert second.stop() == 0
    old = world.pid_of("worker")
    os.kill(old, signal.SIGTERM)
    eventually(lambda: has_ended(old))
    second.start()
    assert world.rows(RUNNING) == [(0,)]  # they start drained
    world.running.bridge("resume")
    world.settled()
    found = [*broken(world, lied=False), *broken_job(world, job, calm=False), *broken_hub(world)]
    for one in messages:
        found += one.broken()
    assert found == []


def has_ended(process: int) -> bool:
    return not Path(f"/proc/{process}/cmdline").exists() or not Path(f"/proc/{process}/cmdline").read_bytes()


def check_attempts(world: World, began: float) -> None:
    """Each run ended well or was handed back, and no try was burned."""
    outcomes = dict(world.rows(OUTCOMES, began))
    print(outcomes)
    assert outcomes.keys() == {"success", "interrupted"}
    assert world.rows(BURNED, began) == [(0,)]


def test_one_deployment_after_another_under_load(world: World, second: Second) -> None:
    dice, began, turns = random.Random(11), time.time(), 0
    world.far.pause = 0.5  # a sync takes six seconds

    while time.time() - began < 60:
        turns += 1
        deployed(world, second, dice, f"drain {turns}")

    print(f"{turns} deployments")
    check_attempts(world, began)
