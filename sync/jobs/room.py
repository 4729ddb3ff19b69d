"""Whether a job may start: it is first in its lanes, and its limits have places left.

A job that has to wait has no wake-up: who makes room hands over.
Locks are always taken in this order: lanes, scopes, then the job's row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from sync.jobs import lanes, limits
from sync.jobs.lanes import LANE
from sync.jobs.limits import LIMIT, PAUSED
from sync.jobs.priorities import INTERACTIVE
from sync.models import Job

WAITING = (LANE, LIMIT, PAUSED)
"""The holds that end when somebody makes room."""


class Room:
    """What there is room for among these jobs; their lanes and scopes are locked until the transaction ends."""

    def __init__(self, jobs: Collection[Job]) -> None:
        self._lines = lanes.look(sorted({lane for job in jobs for lane in job.lanes}))
        self._places = limits.look(sorted({scope for job in jobs for scope in job.scopes}))

    def last(self, names: Iterable[str]) -> UUID | None:
        """The highest id in these lanes: who joins them now comes behind it."""
        return max((last for name in names if (last := self._lines[name].last)), default=None)

    def hold_of(self, job: Job) -> str | None:
        """Why the job must wait, or None: then it has taken its place."""
        lines = [self._lines[lane] for lane in job.lanes]
        free = all(line.free_for(job.id) for line in lines)
        self.stand(job)
        if not free:
            return LANE
        holds = {self._hold(job, scope) for scope in job.scopes} - {None}
        if holds:
            return PAUSED if PAUSED in holds else LIMIT
        for line in lines:
            line.busy = True
        for scope in job.scopes:
            self._places[scope].take()
        return None

    def stand(self, job: Job) -> None:
        """The job stands in its lanes, though it may not ask to start yet."""
        for lane in job.lanes:
            self._lines[lane].join(job.id)

    def full(self, job: Job) -> set[str]:
        """The scopes for which the job must wait."""
        return {scope for scope in job.scopes if self._hold(job, scope)}

    def _hold(self, job: Job, scope: str) -> str | None:
        hold = self._places[scope].hold
        # What somebody waits for would wait behind syncs of its system: it is counted, and not held.
        overtakes = hold == LIMIT and scope.startswith("system:") and job.priority >= INTERACTIVE
        return None if overtakes else hold


def obstacle(job: Job) -> str | None:
    """Why a job must wait, or None. Locks its lanes and scopes until the transaction ends."""
    return Room([job]).hold_of(job)
