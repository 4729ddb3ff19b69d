"""A deployment: a worker of the code before the newest migration works beside today's, on today's tables."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.running import ROOT, eventually
from tests.chaos.commands import Commands
from tests.chaos.hub import broken_hub
from tests.chaos.invariants import broken, broken_job
from tests.chaos.ran import Ran
from tests.chaos.world import World

pytestmark = [pytest.mark.slow, pytest.mark.long]
LASTS = 60.0
RUNS = """
    SELECT attempt.worker, outcome FROM attempt JOIN job ON job.id = job_id
    WHERE job.created_at >= to_timestamp(%s)
"""


def git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no older code here: {done.stderr.strip()}")
    return done.stdout.strip()


@pytest.fixture
def older(tmp_path: Path) -> Iterator[Path]:
    """The code of BRIDGE_OLDER, a commit; without it that of the commit before the newest migration."""
    newest = git("log", "-1", "--format=%H", "--diff-filter=A", "--", "sync/migrations")
    place = tmp_path / "older"
    git("worktree", "add", "--detach", str(place), os.environ.get("BRIDGE_OLDER") or f"{newest}^")
    yield place
    git("worktree", "remove", "--force", str(place))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "world", embedded=False) as made:
        yield made


@pytest.fixture
def old_worker(older: Path, world: World) -> Iterator[subprocess.Popen[bytes]]:
    assert world.running is not None
    environment = world.running.environment | {
        "PYTHONPATH": str(older),
        "BRIDGE_SYSTEMS": str(ROOT / "tests" / "chaos" / "system.py"),
        "BRIDGE_DATA_DIR": str(world.running.data_dir),
    }
    del environment["CHAOS_DIR"]
    if not knows_messages(older):
        environment["BRIDGE_BUILTIN_SYSTEMS"] = "schedulehub"
    log = world.folder / "older.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "bridge", "worker"],
            cwd=older,
            env=environment,
            stdout=file,
            stderr=file,
        )
    try:
        eventually(lambda: "worker_started" in log.read_text() or process.poll() is not None)
        yield process
        assert process.poll() is None, log.read_text()[-2000:]
    finally:
        process.kill()
        process.wait()


def knows_messages(code: Path) -> bool:
    return (code / "bridge" / "systems" / "notifications" / "commands.py").exists()


def test_both_work_for_a_minute_and_nothing_is_lost_or_done_twice(
    world: World, older: Path, old_worker: subprocess.Popen[bytes]
) -> None:
    dice, began, turns = random.Random(7), time.time(), 0
    while time.time() - began < LASTS:
        turns += 1
        world.far.turn(dice)
        messages = Commands(world, Ran(f"side by side {turns}", 7))
        if knows_messages(older):
            messages.prepare(dice)
        messages.begin()
        job = world.sync("chaos.widgets")
        messages.await_end()
        world.settled()
        found = [*broken(world, lied=False), *broken_job(world, job, calm=False), *broken_hub(world)]
        assert [*found, *messages.broken()] == []

    runs = world.rows(RUNS, began)
    by_older = [outcome for worker, outcome in runs if f":{old_worker.pid}" in worker]
    assert by_older.count("success") > 10
    assert {outcome for _, outcome in runs} == {"success"}
