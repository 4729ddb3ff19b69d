"""Which workers take which jobs: whether anybody is there for what waits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from sync.jobs import fleet, kinds
from sync.models import Job, Worker

PATIENCE = timedelta(minutes=1)
"""For so long a worker may start anew before what it takes counts as left."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Takers:
    """The workers that take jobs; `drained` where some live and none does."""

    taking: tuple[Worker, ...]
    drained: bool

    def of_queue(self, queue: str) -> int:
        """How many take jobs of this queue, be it of some kinds only."""
        return sum(queue in worker.queues for worker in self.taking)

    def none_for(self, names: Iterable[str]) -> list[str]:
        """Those of these kinds of jobs that nobody takes."""
        return sorted(name for name in names if not any(_takes(worker, name) for worker in self.taking))


def takers() -> Takers:
    """Who was heard of lately."""
    living = list(fleet.living())
    all_drained = fleet.state()["draining_since"] is not None
    taking = tuple(worker for worker in living if not all_drained and worker.draining_since is None)
    return Takers(taking=taking, drained=bool(living) and not taking)


def neglected(found: Takers) -> list[str]:
    """The kinds of jobs that could run now, if only one of the workers that take jobs took them."""
    due = Job.objects.filter(
        status=Job.Status.PENDING, hold__isnull=True, run_after__lte=timezone.now() - PATIENCE
    )
    waiting = due.filter(kind__in=kinds.KINDS).order_by().values_list("kind", flat=True).distinct()
    return found.none_for(waiting) if found.taking else []


def trouble() -> str | None:
    """Why nobody takes what waits, with what to do, in words for everybody; None where workers do."""
    found = takers()
    if found.drained:
        return "All workers are drained: `bridge resume` lets them take jobs again."
    if not found.taking:
        return "No worker is alive: start `bridge worker`."
    if left := neglected(found):
        return f"No worker takes what waits: {', '.join(left)}. Start one without --queues and --kinds."
    return None


def _takes(worker: Worker, kind: str) -> bool:
    return kinds.queue_of(kind) in worker.queues and (not worker.kinds or kind in worker.kinds)
