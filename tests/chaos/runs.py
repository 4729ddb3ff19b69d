"""What happens in a cell: the blow in the middle of the work, a look at what is left, and a calm run after it."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from typing import Protocol

from tests.chaos import faults
from tests.chaos.cells import FROZEN, NONE, STOPPED, Cell
from tests.chaos.commands import Commands
from tests.chaos.far_end import LIES
from tests.chaos.hub import broken_hub
from tests.chaos.invariants import broken, broken_job
from tests.chaos.points import IN_WEB, LOOKS, Order
from tests.chaos.ran import Ran
from tests.chaos.world import PATIENCE, UNFINISHED, Stuck, World
from tests.sandboxed import switch

PASSINGS = (1, 2, 4)  # of six batches, or twelve requests
PAGES = 10  # of twelve
REQUESTS = 4
AWAKE = 3.0  # seconds that a worker has to do what it may do no more
_ATTEMPTS = """
    SELECT job_id, outcome, extract(epoch FROM attempt.started_at)::float8, attempts FROM attempt
    JOIN job ON job.id = job_id WHERE kind = %s AND job.created_at >= to_timestamp(%s)
"""


class Work(Protocol):
    """What is going on while the blow falls."""

    @property
    def is_begun(self) -> bool:
        """Whether all of it was asked for."""
        ...

    def prepare(self, dice: random.Random) -> None:
        """See to it that there is something to do."""
        ...

    def begin(self) -> None:
        """Ask for it."""
        ...

    def await_end(self) -> None:
        """Come back when all of it was asked for, whatever stood in the way."""
        ...

    def broken(self) -> Iterator[str]:
        """What does not hold."""
        ...

    def broken_in_peace(self) -> Iterator[str]:
        """What does not hold after more such work that nothing disturbed."""
        ...


class Read:
    """A full read of what changed in the far end, and the pushes of that."""

    def __init__(self, world: World, ran: Ran) -> None:
        self._world, self._ran = world, ran
        self._job, self._asked, self._lied = "", len(world.far.log), False
        self.is_begun = False

    def prepare(self, dice: random.Random) -> None:
        """Change the far end's rows."""
        self._world.far.turn(dice)

    def begin(self) -> None:
        """Ask for it."""
        self._job = self._world.sync("chaos.widgets")
        self.is_begun = True

    def await_end(self) -> None:
        """It was asked for at the beginning."""

    def broken(self) -> Iterator[str]:
        """What does not hold."""
        said = self._world.far.log[self._asked :]
        self._ran.requests = len(said)
        self._lied = bool(LIES & {one.fault for one in said})
        yield from broken(self._world, lied=self._lied)
        if not self._lied:
            yield from broken_job(self._world, self._job, calm=False)
            yield from broken_hub(self._world)

    def broken_in_peace(self) -> Iterator[str]:
        """What does not hold after a read that nothing disturbed."""
        calm = self._world.sync("chaos.widgets")
        self._world.settled()
        yield from broken(self._world, lied=False)
        yield from broken_job(self._world, calm, calm=not self._lied)
        yield from broken_hub(self._world)


class FirstLoad(Read):
    """The same of an entity of which nothing is known."""

    def prepare(self, dice: random.Random) -> None:
        """Forget everything."""
        self._world.forget()
        super().prepare(dice)
        self._world.far.begin_anew()


def run_cell(world: World, cell: Cell, ran: Ran) -> None:
    """Let it happen in the middle of the work, then look; then do the work once more in peace, and look again."""
    dice = cell.dice(ran.seed)
    began = time.time()
    work = _work(world, cell, ran)
    work.prepare(dice)
    arm(world, cell, dice)
    order = Order(world.points, cell.stop, nth(cell, dice))
    try:
        work.begin()
        wait_for(world, order, work)
        blow = time.time()
        strike(world, cell, order)
    finally:
        order.go()
    world.heal()
    work.await_end()
    world.settled()
    disarm(world)
    ran.broken += work.broken()
    judge_attempts(world, cell, began, blow, ran)
    ran.broken += [f"afterwards: {words}" for words in work.broken_in_peace()]


def arm(world: World, cell: Cell, dice: random.Random) -> None:
    """Let the fault meet one of the requests to come."""
    if cell.far == NONE:
        return
    if not (cell.is_of_push or cell.is_of_command):
        world.far.arm(cell.far, dice.randrange(PAGES))
        return
    waits = {"seconds": 3.0} if cell.far == "slow" else {"retry_after": 1.0} if cell.far == "429" else {}
    system = "notifications" if cell.is_of_command else "schedulehub"
    first = 0 if cell.point in LOOKS else dice.randrange(REQUESTS)
    switch(world.hub, system, cell.far, after=first, times=1, **waits)


def disarm(world: World) -> None:
    """Let nothing more happen."""
    world.far.arm("", 0)
    for system in world.hub.systems:
        switch(world.hub, system, "ok")


def _work(world: World, cell: Cell, ran: Ran) -> Work:
    if cell.is_of_command:
        return Commands(world, ran)
    return FirstLoad(world, ran) if cell.is_of_load else Read(world, ran)


def nth(cell: Cell, dice: random.Random) -> int:
    """At its how manieth passing a point is stopped at."""
    if cell.point in LOOKS:
        return 1
    return dice.choice(PASSINGS[:2] if cell.is_of_push or cell.is_of_command else PASSINGS)


def wait_for(world: World, order: Order, work: Work) -> None:
    """Come back when somebody stands at the point. Raises Stuck where nobody comes."""
    until = time.monotonic() + PATIENCE
    while not order.reached:
        if work.is_begun and world.rows(UNFINISHED) == [(0,)] and not order.reached:
            raise Stuck("the point was never reached, and no job is left")
        if time.monotonic() > until:
            raise Stuck("the point was never reached")
        time.sleep(0.02)


def strike(world: World, cell: Cell, order: Order) -> None:
    """The blow; whoever stands at the point goes on."""
    if cell.process == FROZEN:
        _freeze(world, order)
        return
    if cell.process == STOPPED:
        os.kill(order.pid, signal.SIGTERM)
    elif cell.process != NONE:
        world.kill(world.pid_of(cell.process))
    order.go()
    if cell.base != NONE:
        faults.strike(world, cell.base)


def _freeze(world: World, order: Order) -> None:
    """Freeze the worker until another one has done its work; then it wakes up, and knows nothing of that."""
    frozen = order.pid
    os.kill(frozen, signal.SIGSTOP)
    order.go()
    try:
        with world.another_worker():
            world.settled()
    finally:
        os.kill(frozen, signal.SIGCONT)
    time.sleep(AWAKE)


def judge_attempts(world: World, cell: Cell, began: float, blow: float, ran: Ran) -> None:
    """Each attempt says how it ended; none follows one that ended well."""
    kind = "command" if cell.is_of_command else "push" if cell.is_of_push else "sync"
    runs = world.rows(_ATTEMPTS, kind, began)
    ran.attempts = len(runs)
    after = [started for _, _, started, _ in runs if started > blow]
    ran.recovery = round(min(after) - blow, 1) if after else None
    if unsaid := sum(outcome is None for _, outcome, _, _ in runs):
        ran.broken.append(f"{unsaid} attempts have no outcome")
    well = Counter(job for job, outcome, _, _ in runs if outcome == "success")
    if well and max(well.values()) > 1:
        ran.broken.append("a job succeeded twice")
    if not cell.is_of_command and cell.far == cell.base == NONE and (burned := max(one[3] for one in runs)):
        ran.broken.append(f"{burned} tries burned, and nothing was wrong with the work")
    if cell.process in ("worker", FROZEN) and cell.point not in IN_WEB and len(runs) == well.total():
        ran.broken.append("its worker was killed, and no attempt says so")
