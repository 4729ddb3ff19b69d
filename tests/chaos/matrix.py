"""Runs cells in worlds side by side, and judges each."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.chaos.cells import Cell
from tests.chaos.ran import Ran
from tests.chaos.runs import run_cell
from tests.chaos.world import Stuck, World


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
