"""The cells of the matrix: which process is killed at which point, what the far end and the database do meanwhile."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations, product

from tests.chaos import far_end, faults
from tests.chaos.points import COMMAND_POINTS, IN_WEB, LOAD_POINTS, LOOKS, POINTS, PUSH_POINTS

HUB_FAULTS = ("lost", "denied", "cut", "slow", "429", "500", "down")
"""Of the far end that is written to: the effect is there and no answer, a 500, half an answer or a late one comes;
it is not there and a 429, a 500 or nothing comes."""
PROCESSES = ("worker", "web", "supervisor", "postgres")
"""Killed, by SIGKILL."""
STOPPED, FROZEN = "sigterm", "frozen"
"""The worker asked to end; the worker frozen until another one has done its work, and let go on then."""
NONE = "none"


@dataclass(frozen=True, order=True)
class Cell:
    """One combination."""

    process: str
    point: str
    far: str = NONE
    base: str = NONE

    @property
    def key(self) -> str:
        """How it is called: worker@ingest/429/away6."""
        return f"{self.process}@{self.point}/{self.far}/{self.base}"

    @property
    def is_of_push(self) -> bool:
        """Whether it happens while changes are written to a far end, not while they are read from one."""
        return self.point in PUSH_POINTS

    @property
    def is_of_load(self) -> bool:
        """Whether it happens while an entity is read for the first time."""
        return self.point in LOAD_POINTS

    @property
    def stop(self) -> str:
        """The point as the process knows it."""
        return self.point.removeprefix("load-")

    @property
    def is_of_command(self) -> bool:
        """Whether it happens while commands are asked for and sent."""
        return self.point in COMMAND_POINTS

    @property
    def needs_small_disk(self) -> bool:
        """Whether it fills the disk."""
        return self.base == "full"

    @property
    def pairs(self) -> frozenset[frozenset[str]]:
        """Each two of what happens together: a kill, its point, a fault of the far end, one of the database."""
        named = {
            "process": self.process,
            "point": self.point,
            "far end": self.far,
            "base": self.base,
        }
        told = [f"{self._work} {what} {which}" for what, which in named.items() if which != NONE]
        return frozenset(map(frozenset, combinations(told, 2)))

    @property
    def _work(self) -> str:
        load = "load" if self.is_of_load else "read"
        return "push" if self.is_of_push else "command" if self.is_of_command else load

    def fits(self, *, embedded: bool) -> bool:
        """Whether a world of this kind can run it."""
        if self.base != NONE:
            return not embedded
        return embedded or self.process != "postgres"

    def dice(self, seed: int) -> random.Random:
        """What is left to chance: the rows, the batch, the page."""
        return random.Random(f"{seed}:{self.key}")


def long() -> list[Cell]:
    """Each kill at each point, alone and with each fault of the far end; each fault of the database at each point;
    kills and faults of the far end beside each of the database's at a point each."""
    cells = [Cell(process, point) for process, point in product(PROCESSES, POINTS)]
    cells += [Cell(NONE, point, base=base) for point, base in product(POINTS, faults.FAULTS)]
    cells += [
        Cell(process, point, far=far)
        for process, point, far in product((NONE, *PROCESSES), POINTS, far_end.FAULTS)
    ]
    pairs = product((NONE, *PROCESSES), far_end.FAULTS, faults.FAULTS)
    cells += [
        Cell(process, POINTS[place % len(POINTS)], far=far, base=base)
        for place, (process, far, base) in enumerate(pairs)
    ]
    return list(dict.fromkeys([*cells, *loads(), *pushes(), *commands(), *others()]))


def pairs(seed: int) -> list[Cell]:
    """As few of those as have each of their pairs at least once."""
    waiting, chosen = shuffled(long(), seed), []
    missing = frozenset[frozenset[str]]().union(*(cell.pairs for cell in waiting))
    while missing:
        best = max(waiting, key=lambda cell: len(cell.pairs & missing))
        chosen.append(best)
        missing -= best.pairs
    return chosen


def loads() -> list[Cell]:
    """Each kill and each fault of the database at each point of a first load; each fault of the far end at one."""
    cells = [Cell(process, point) for process, point in product(PROCESSES, LOAD_POINTS)]
    cells += [Cell(NONE, point, base=base) for point, base in product(LOAD_POINTS, faults.FAULTS)]
    pairs = product((NONE, *PROCESSES), far_end.FAULTS)
    return cells + [
        Cell(process, LOAD_POINTS[place % len(LOAD_POINTS)], far=far)
        for place, (process, far) in enumerate(pairs)
    ]


def pushes() -> list[Cell]:
    """Each kill at each point of a push, alone and with each fault of the far end; each fault of the database there."""
    processes = (NONE, *PROCESSES)
    cells = [Cell(*one) for one in product(processes, PUSH_POINTS, (NONE, *HUB_FAULTS))]
    cells += [Cell(NONE, point, base=base) for point, base in product(PUSH_POINTS, faults.FAULTS)]
    pairs = product((NONE, *PROCESSES), HUB_FAULTS, faults.FAULTS)
    cells += [
        Cell(process, PUSH_POINTS[place % len(PUSH_POINTS)], far=far, base=base)
        for place, (process, far, base) in enumerate(pairs)
    ]
    return [cell for cell in cells if cell != Cell(NONE, cell.point)]


def commands() -> list[Cell]:
    """The same of commands. Nothing is read back where there is no doubt."""
    processes, doubts = (NONE, *PROCESSES), ("lost", "denied", "slow")
    once = [point for point in COMMAND_POINTS if point not in LOOKS]
    cells = [Cell(*one) for one in product(processes, once, (NONE, *HUB_FAULTS))]
    cells += [Cell(*one) for one in product(processes, LOOKS, doubts)]
    cells += [Cell(NONE, point, base=base) for point, base in product(once, faults.FAULTS)]
    cells += [Cell(NONE, point, "lost", base) for point, base in product(LOOKS, faults.FAULTS)]
    return [cell for cell in cells if cell != Cell(NONE, cell.point)]


def others() -> list[Cell]:
    """A worker that is told to end, and one that is frozen, at each of its points."""
    points = (*POINTS, *LOAD_POINTS, *PUSH_POINTS, *COMMAND_POINTS)
    return [
        Cell(process, point, far="lost" if point in LOOKS else NONE)
        for process, point in product((STOPPED, FROZEN), points)
        if point not in IN_WEB
    ]


def short() -> list[Cell]:
    """A kill of each process, faults of the far ends, one of the database: what waits runs side by side."""
    return [
        Cell("worker", "ingest"),
        Cell("worker", "left", far="lost"),
        Cell("supervisor", "sent", far="lost"),
        Cell("postgres", "track", far="500"),
        Cell("web", "taken", far="denied"),
        Cell(NONE, "resolve", base="drop"),
    ]


def shuffled(cells: Iterable[Cell], seed: int) -> list[Cell]:
    """Another order, so that a broken-off run has seen some of each."""
    found = list(cells)
    random.Random(seed).shuffle(found)
    return found
