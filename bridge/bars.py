"""Shows jobs under way: a bar for each on a terminal, elsewhere a line for each change."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn


class Outcome(enum.Enum):
    """How a job ended, as far as who waits is concerned."""

    SUCCESS = "success"
    FAILED = "failed"
    CANCELLED = "cancelled"
    PARKED = "parked"  # it waits for a person


@dataclass(frozen=True, kw_only=True)
class Look:
    """A job at one moment."""

    job_id: UUID
    name: str
    rows: int
    total: int | None
    words: str
    outcome: Outcome | None  # None: still under way


class Bars:
    """A bar for each job on a terminal; elsewhere a line for each change, the end too where `ends`."""

    def __init__(self, screen: Console, *, quiet: bool, ends: bool = True) -> None:
        self._screen = screen
        self._quiet = quiet
        self._ends = ends
        self._said: dict[UUID, str] = {}
        self._tasks: dict[UUID, TaskID] = {}
        self._bars = Progress(
            SpinnerColumn(finished_text="•"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.completed:>9,} rows"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[words]}"),
            console=screen,
            disable=quiet or not screen.is_terminal,
        )

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def update(self, look: Look) -> None:
        """Show how it stands now."""
        if self._quiet:
            return
        if not self._screen.is_terminal:
            if self._ends or not look.outcome:
                self._say(look)
            return
        if look.job_id not in self._tasks:
            self._tasks[look.job_id] = self._bars.add_task(look.name, total=look.total, words="")
        total = max(look.rows, 1) if look.outcome else look.total
        completed = total if look.outcome is Outcome.SUCCESS and not look.rows else look.rows
        words = look.words.replace("[", r"\[")
        self._bars.update(self._tasks[look.job_id], completed=completed, total=total, words=words)

    def _say(self, look: Look) -> None:
        line = f"{look.name}: {look.words}" + (
            f", {look.rows:,} rows so far" if look.rows and not look.outcome else ""
        )
        if self._said.get(look.job_id) != line:
            self._said[look.job_id] = line
            self._screen.print(line, markup=False, soft_wrap=True)
