"""Children before their parents, in random order, the worker killed at random moments: each row arrives once.

Order lines come first, orders second, customers and items last, each entity's rows shuffled over small pages.
In the long form answers of ScheduleHub are lost besides, after they took effect.
What is drawn comes from one seed, which is printed; STORM_SEED=n repeats it.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.running import Running

pytestmark = pytest.mark.slow
SMALL = {"BRIDGE_BATCH_ROWS": "100", "DEFAULT_BATCH_SIZE": "50"}
ROWS = {"order_lines": 2_155, "orders": 830, "customers": 91, "items": 77}
PARENTS = {"orders": {"customer_id": "customers"}, "order_lines": {"order_id": "orders", "item_id": "items"}}
KEYS = {"order_lines": ("order_id", "item_id"), "orders": ("order_id",), "customers": ("customer_id",)}
KEYS["items"] = ("item_id",)
THEIRS = {"order_lines": {"order_id": "order_number", "item_id": "item_number"}}
THEIRS |= {"orders": {"order_id": "number"}, "customers": {"customer_id": "code"}}
THEIRS["items"] = {"item_id": "item_number"}


class Storm:
    """A `bridge up` whose far ends are slow and whose worker is killed at random moments."""

    def __init__(self, folder: Path, kills: int, lives: tuple[float, float], delay: float) -> None:
        self.seed = int(os.environ.get("STORM_SEED") or random.SystemRandom().randrange(1_000_000))
        print(f"STORM_SEED={self.seed}")
        self.draw = random.Random(self.seed)
        self.lives = [self.draw.uniform(*lives) for _ in range(kills)]  # seconds, each worker's
        self.delay = delay  # seconds, of each answer of the far ends
        self.killed: list[int] = []
        # In the long form an answer of each is lost, once: four in a row would rightly end a push.
        self.lossy = self.draw.sample([*ROWS], len(ROWS))
        self.running = Running(folder, "--no-sync", **SMALL)
        self.over = threading.Event()
        self.killer = threading.Thread(target=self._kill)

    def control(self, path: str, **body: Any) -> Any:
        """Ask the sandbox's own pages."""
        found = re.search(r"http://127\.0\.0\.1:\d+/_control", self.running.greeted())
        assert found
        data = json.dumps(body).encode() if body else None
        with urllib.request.urlopen(urllib.request.Request(f"{found[0]}/{path}", data=data)) as answer:
            return json.load(answer)

    def blow(self) -> None:
        """Children first; each entity begins when some of the one before is here; to the end of all work."""
        self.control("apismith/mood", mood="slow", delay=self.delay)
        self.control("schedulehub/mood", mood="slow", delay=self.delay)
        for entity in ROWS:
            self.control("apismith/mood", mood="shuffled", entity=entity, seed=self.draw.randrange(1000))
        self.killer.start()
        for entity in ROWS:
            job = json.loads(self.running.bridge("sync", f"apismith.{entity}", "--json"))["id"]
            self.until(lambda job=job: bool(self.batches(job)))  # type: ignore[misc]
        self.until(self.calm)

    def until(self, look: Callable[[], bool]) -> None:
        """Wait for as long as it takes; the test's own limit ends it."""
        while not look():
            assert self.running.process.poll() is None, self.running.err.read_text()[-3000:]
            failed = self.page("jobs?status=failed&limit=200")
            assert not failed, failed
            time.sleep(0.2)

    def calm(self) -> bool:
        """Whether no work is left, and no child waits anywhere."""
        busy = [self.page(f"jobs?status={status}&limit=200") for status in ("pending", "processing")]
        return not any(busy) and not self.page("pending-children") and self.there() == ROWS

    def there(self) -> dict[str, int]:
        """Rows at ScheduleHub."""
        return dict(self.control("schedulehub")["rows"])

    def page(self, path: str) -> list[dict[str, Any]]:
        """The items of a list of the API."""
        status, found = self.running.get(f"/api/v1/{path}")
        assert status == 200, found
        return list(found["items"])

    def batches(self, job: str) -> list[dict[str, Any]]:
        """The batches of a job so far."""
        return self.page(f"batches?job={job}&limit=200")

    def all(self, path: str) -> list[dict[str, Any]]:
        """Every item of a list, page by page."""
        found: list[dict[str, Any]] = []
        after = ""
        while True:
            _, page = self.running.get(f"/api/v1/{path}limit=500{after}")
            found += page["items"]
            if not page["next"] or not page.get("more", True):
                return found
            after = f"&after={page['next']}"

    def stop(self) -> None:
        """End everything."""
        self.over.set()
        if self.killer.ident:
            self.killer.join()
        self.running.wreck()

    def _kill(self) -> None:
        for life in self.lives:
            while (worker := self._worker()) is None:
                if self.over.wait(0.1):
                    return
            if self.over.wait(life):
                return
            try:
                os.kill(worker, signal.SIGKILL)
            except ProcessLookupError:  # it has ended by itself
                continue
            self.killed.append(worker)
            if len(self.lives) > 2 and self.lossy:
                self.control("schedulehub/mood", mood="lost", entity=self.lossy.pop(), times=1)

    def _worker(self) -> int | None:
        """The worker, unless it is one that has been killed."""
        try:
            worker = self.running.pid_of("worker")
        except (ValueError, ProcessLookupError):  # none is there, or it has just gone
            return None
        return None if worker in self.killed else worker


@pytest.fixture
def storm(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storm]:
    made = Storm(tmp_path, *request.param)
    try:
        made.running.greeted()
        yield made
    finally:
        made.stop()


@pytest.mark.parametrize(
    "storm",
    [
        pytest.param((2, (0.5, 2), 0.1), id="short"),
        pytest.param((20, (3, 12), 0.5), id="long", marks=[pytest.mark.long, pytest.mark.timeout(1200)]),
    ],
    indirect=True,
)
def test_every_child_ends_under_its_parent_once(storm: Storm) -> None:
    storm.blow()

    print(f"killed {len(storm.killed)} workers")
    assert storm.killed
    mirror = {entity: storm.all(f"apismith/{entity}?") for entity in ROWS}
    hub = {entity: storm.control(f"schedulehub/{entity}")["rows"] for entity in ROWS}
    for entity, count in ROWS.items():
        assert len(mirror[entity]) == len({row["key"] for row in mirror[entity]}) == count
        check_written_once(storm, entity, count)
        check_same(entity, mirror[entity], hub[entity])
    for child, parents in PARENTS.items():
        for column, parent in parents.items():
            check_parents(child, column, parent, mirror, hub)


def check_written_once(storm: Storm, entity: str, count: int) -> None:
    """The feed tells of each record once; the batches count it once, here and at ScheduleHub."""
    changes = storm.all(f"changes?entity=apismith.{entity}&")
    assert Counter(change["op"] for change in changes) == {"added": count}
    assert len({change["key"] for change in changes}) == count
    batches = storm.all(f"batches?entity=apismith.{entity}&")
    assert sum(batch["counts"]["inserted"] for batch in batches) == count
    there = [storm.running.get(f"/api/v1/batches/{batch['id']}")[1]["targets"] for batch in batches]
    assert sum(counts["schedulehub"]["inserted"] for counts in there if counts) == count
    assert sum(batch["counts"]["failed"] for batch in batches) == 0


def check_same(entity: str, mirror: list[dict[str, Any]], hub: list[dict[str, Any]]) -> None:
    """ScheduleHub has the mirror's rows, and wrote each once: its versions count all that was written."""
    ours = {tuple(row["data"][name] for name in KEYS[entity]) for row in mirror}
    theirs = {tuple(row["columns"][THEIRS[entity][name]] for name in KEYS[entity]) for row in hub}
    assert ours == theirs
    assert sorted(row["version"] for row in hub) == [*range(1, len(mirror) + 1)]
    assert len({row["columns"]["erp_key_hash"] for row in hub}) == len(hub)


def check_parents(
    child: str,
    column: str,
    parent: str,
    mirror: dict[str, list[dict[str, Any]]],
    hub: dict[str, list[dict[str, Any]]],
) -> None:
    """Each child's parent is here; and there, under the id that the parent has there."""
    (name,) = KEYS[parent]
    assert {row["data"][name] for row in mirror[child]} <= {row["data"][name] for row in mirror[parent]}
    keys = {row["columns"]["id"]: row["columns"][THEIRS[parent][name]] for row in hub[parent]}
    meant = {tuple(row["data"][part] for part in KEYS[child]): row["data"][name] for row in mirror[child]}
    for row in hub[child]:
        key = tuple(row["columns"][THEIRS[child][part]] for part in KEYS[child])
        assert keys[row["columns"][column]] == meant[key]
