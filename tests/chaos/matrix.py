"""Runs cells in worlds side by side, and judges each."""

from __future__ import annotations

import random
import shutil
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos import faults
from tests.chaos.cells import NONE, Cell
from tests.chaos.far_end import LIES
from tests.chaos.hub import broken_hub
from tests.chaos.invariants import broken, broken_job
from tests.chaos.points import Order
from tests.chaos.world import PATIENCE, UNFINISHED, Stuck, World
from tests.sandboxed import switch

PASSINGS = (1, 2, 4)  # of six batches, or twelve requests
PAGES = 10  # of twelve
CHUNKS = 4
_ATTEMPTS = """
    SELECT job_id, outcome, extract(epoch FROM attempt.started_at)::float8 FROM attempt
    JOIN job ON job.id = job_id WHERE kind = %s AND job.created_at >= to_timestamp(%s)
"""


@dataclass
class Ran:
    """One run of a cell: what did not hold, and what it took."""

    key: str
    seed: int
    broken: list[str] = field(default_factory=list)
    seconds: float = 0.0
    recovery: float | None = None  # seconds from the blow to the next attempt's start, where one was needed
    attempts: int = 0
    requests: int = 0

    def told(self) -> dict[str, Any]:
        """For a line of JSON."""
        return asdict(self)


class Matrix:
    """Cells that wait to be run. A world takes those that it can run; after one that broke it a new one is made."""

    def __init__(self, cells: Iterable[Cell], seed: int, tell: Callable[[Ran], None]) -> None:
        self._waiting = list(cells)
        self._seed = seed
        self._tell = tell
        self._lock = threading.Lock()
        self.ran: list[Ran] = []

    def run(self, worlds: int) -> list[Ran]:
        """Run all; a third of the worlds, at least one, have the embedded PostgreSQL."""
        folder = Path(tempfile.mkdtemp(prefix="bridge-chaos-"))
        embedded = max(1, worlds // 3)
        threads = [
            threading.Thread(target=self._inhabit, args=(folder / str(no), no < embedded))
            for no in range(worlds)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        shutil.rmtree(folder, ignore_errors=True)
        return self.ran

    def _inhabit(self, folder: Path, embedded: bool) -> None:
        lives = 0
        while cell := self._next(embedded=embedded):
            lives += 1
            try:
                with World(folder.with_name(f"{folder.name}-{lives}"), embedded=embedded) as world:
                    while cell and self._one(world, cell):
                        cell = self._next(embedded=embedded)
            except Exception:  # whatever it is: the cell is red, and the next ones get another world
                assert cell is not None
                self._note(Ran(cell.key, self._seed, ["no world: " + traceback.format_exc()[-1500:]]))

    def _next(self, *, embedded: bool) -> Cell | None:
        with self._lock:
            fitting = [cell for cell in self._waiting if cell.fits(embedded=embedded)]
            if fitting:
                self._waiting.remove(fitting[0])
            return fitting[0] if fitting else None

    def _one(self, world: World, cell: Cell) -> bool:
        """Run a cell; whether the world is still good for another."""
        ran = Ran(cell.key, self._seed)
        began = time.monotonic()
        try:
            if cell.needs_small_disk and not world.on_small_disk:
                ran.broken.append("skipped: only root can make a small disk")
                return True
            run_cell(world, cell, ran)
        except Stuck as error:
            ran.broken.append(str(error))
        except Exception:  # a fault of the matrix itself: it shall not take the other cells with it
            ran.broken.append(traceback.format_exc()[-1500:])
        finally:
            ran.seconds = round(time.monotonic() - began, 1)
            self._note(ran)
        return not ran.broken

    def _note(self, ran: Ran) -> None:
        with self._lock:
            self.ran.append(ran)
            self._tell(ran)


def run_cell(world: World, cell: Cell, ran: Ran) -> None:
    """Let it happen in the middle of a full read, then look; then read once more in peace, and look again."""
    dice = cell.dice(ran.seed)
    began = time.time()
    world.far.turn(dice)
    asked = len(world.far.log)
    _arm(world, cell, dice)
    order = Order(world.points, cell.point, dice.choice(PASSINGS[:2] if cell.is_of_push else PASSINGS))
    try:
        job = world.sync("chaos.widgets")
        _wait_for(world, order)
        blow = time.time()
        _strike(world, cell, order)
    finally:
        order.go()
    world.heal()
    world.settled()
    met = [said.fault for said in world.far.log[asked:] if said.fault]
    ran.requests = len(world.far.log) - asked
    _disarm(world)
    lied = bool(LIES & set(met))
    ran.broken += broken(world, lied=lied)
    ran.broken += [] if lied else [*broken_job(world, job, calm=False), *broken_hub(world)]
    _judge_attempts(world, cell, began, blow, ran)
    calm = world.sync("chaos.widgets")
    world.settled()
    ran.broken += [f"afterwards: {words}" for words in broken(world, lied=False)]
    ran.broken += [f"afterwards: {words}" for words in broken_job(world, calm, calm=not lied)]
    ran.broken += [f"afterwards: {words}" for words in broken_hub(world)]


def _arm(world: World, cell: Cell, dice: random.Random) -> None:
    """Let the fault meet one of the requests to come."""
    if cell.far == NONE:
        return
    if not cell.is_of_push:
        world.far.arm(cell.far, dice.randrange(PAGES))
        return
    waits = {"seconds": 3.0} if cell.far == "slow" else {"retry_after": 1.0} if cell.far == "429" else {}
    switch(world.hub, "schedulehub", cell.far, after=dice.randrange(CHUNKS), times=1, **waits)


def _disarm(world: World) -> None:
    world.far.arm("", 0)
    switch(world.hub, "schedulehub", "ok")


def _wait_for(world: World, order: Order) -> None:
    until = time.monotonic() + PATIENCE
    while not order.reached:
        if world.rows(UNFINISHED) == [(0,)] and not order.reached:
            raise Stuck("the point was never reached, and no job is left")
        if time.monotonic() > until:
            raise Stuck("the point was never reached")
        time.sleep(0.02)


def _strike(world: World, cell: Cell, order: Order) -> None:
    if cell.process != NONE:
        world.kill(order.pid if cell.process == "worker" else world.pid_of(cell.process))
    order.go()
    if cell.base != NONE:
        faults.strike(world, cell.base)


def _judge_attempts(world: World, cell: Cell, began: float, blow: float, ran: Ran) -> None:
    kind = "push" if cell.is_of_push else "sync"
    runs = world.rows(_ATTEMPTS, kind, began)
    ran.attempts = len(runs)
    after = [started for _, _, started in runs if started > blow]
    ran.recovery = round(min(after) - blow, 1) if after else None
    if unsaid := sum(outcome is None for _, outcome, _ in runs):
        ran.broken.append(f"{unsaid} attempts have no outcome")
    well = Counter(job for job, outcome, _ in runs if outcome == "success")
    if well and max(well.values()) > 1:
        ran.broken.append("a job succeeded twice")
    if cell.process == "worker" and len(runs) == well.total():
        ran.broken.append("its worker was killed, and no attempt says so")
