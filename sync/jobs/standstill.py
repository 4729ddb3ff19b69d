"""Why a job that may start is not started: its queue is paused, or no worker takes it."""

from __future__ import annotations

from dataclasses import dataclass

from sync.jobs import kinds
from sync.jobs.takers import Takers, takers
from sync.models import Job, ScopeLimit

_QUEUE = "queue:"


@dataclass(frozen=True, kw_only=True, slots=True)
class Standstill:
    """What keeps jobs from starting at one moment."""

    paused: frozenset[str]  # queues
    takers: Takers

    def why(self, job: Job) -> str | None:
        """What a job waits for that nothing holds; None where a worker takes it as soon as it can."""
        queue = kinds.queue_of(job.kind)
        if queue in self.paused:
            return f"waits for the end of a pause: `bridge resume {_QUEUE}{queue}`"
        if self.takers.drained:
            return "waits, as all workers are drained: `bridge resume` lets them take jobs again"
        if self.takers.none_for([job.kind]):
            return "waits, as no worker that takes such jobs is alive: `bridge workers` lists those that are"
        return None


def look() -> Standstill:
    """As it is now."""
    paused = ScopeLimit.objects.filter(scope__startswith=_QUEUE, paused=True).values_list("scope", flat=True)
    return Standstill(
        paused=frozenset(scope.removeprefix(_QUEUE) for scope in paused),
        takers=takers(),
    )
