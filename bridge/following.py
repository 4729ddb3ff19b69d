"""Watches jobs until they have ended, and shows how far they are."""

from __future__ import annotations

import enum
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from sync.models import Batch, Job, JobEvent

GLANCE = 0.25  # seconds between two looks
TOLD = ("inserted", "updated", "pending", "failed", "skipped")  # of a job's result
PARKED = frozenset({"configuration", "approval", "paused"})  # holds that only a person ends


class Outcome(enum.Enum):
    """How a job ended, as far as who waits is concerned."""

    SUCCESS = "success"
    FAILED = "failed"
    CANCELLED = "cancelled"
    PARKED = "parked"  # it waits for a person
    LEFT = "left"  # who watched was told to stop


@dataclass(frozen=True, kw_only=True)
class Look:
    """A job at one moment."""

    job_id: UUID
    name: str
    rows: int
    total: int | None
    words: str
    outcome: Outcome | None


def follow(
    jobs: Sequence[UUID],
    *,
    quiet: bool = False,
    stopped: threading.Event | None = None,
    screen: Console | None = None,
) -> dict[UUID, Outcome]:
    """Show the jobs' progress until each has ended, is parked or `stopped` is set; return how each ended."""
    told = stopped or threading.Event()
    show = _Bars(screen or Console(stderr=True, highlight=False), quiet=quiet)
    outcomes: dict[UUID, Outcome] = {}
    with show:
        while len(outcomes) < len(jobs):
            for look in looks(job for job in jobs if job not in outcomes):
                show.update(look)
                if look.outcome:
                    outcomes[look.job_id] = look.outcome
            if len(outcomes) < len(jobs) and told.wait(GLANCE):
                break
    return {job: outcomes.get(job, Outcome.LEFT) for job in jobs}


def looks(jobs: Iterable[UUID]) -> list[Look]:
    """Each job as it stands now, in two queries."""
    wanted = list(jobs)
    rows: dict[UUID, int] = dict.fromkeys(wanted, 0)
    for job_id, counts in Batch.objects.filter(job_id__in=wanted).values_list("job_id", "counts"):
        rows[job_id] += int(counts.get("rows_fetched", 0))
    told: dict[UUID, dict[str, Any]] = {
        event.job_id: event.facts
        for event in JobEvent.objects.filter(job_id__in=wanted, name="progress").order_by("id")
    }
    found = Job.objects.select_related("entity").filter(pk__in=wanted)
    return [_look(job, rows[job.id], told.get(job.id, {})) for job in found]


def _look(job: Job, committed: int, told: dict[str, Any]) -> Look:
    total = told.get("total")
    return Look(
        job_id=job.id,
        name=job.entity.path if job.entity else job.kind,
        rows=max(committed, int(told.get("rows") or 0)),
        total=int(total) if total else None,
        words=_words(job),
        outcome=_outcome(job),
    )


def _outcome(job: Job) -> Outcome | None:
    if job.status in (Job.Status.SUCCESS, Job.Status.FAILED, Job.Status.CANCELLED):
        return Outcome(str(job.status))
    return Outcome.PARKED if job.hold in PARKED else None


def _words(job: Job) -> str:
    if job.status == Job.Status.SUCCESS:
        counts = [(name, (job.result or {}).get(name)) for name in TOLD]
        return ", ".join(f"{number:,} {name}" for name, number in counts if number) or "nothing new"
    if job.error and job.status != Job.Status.PROCESSING:
        state = f"waits ({job.hold})" if job.hold else str(job.status)
        return f"{state}: {job.error}"
    return f"waits ({job.hold})" if job.hold else str(job.status)


class _Bars:
    """A bar for each job on a terminal; elsewhere a line for each change."""

    def __init__(self, screen: Console, *, quiet: bool) -> None:
        self._screen = screen
        self._quiet = quiet
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

    def __enter__(self) -> None:
        self._bars.start()

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def update(self, look: Look) -> None:
        """Show how it stands now."""
        if self._quiet:
            return
        if not self._screen.is_terminal:
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
