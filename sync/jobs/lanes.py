"""Strict order: jobs of one lane run one after another, by their ids; a dead one stops its lane until it is resolved.

A lane needs no row of its own: an advisory lock on its name serialises who joins it and who hands it over.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from sync.queries import query

LANE = "lane"


@dataclass(slots=True)
class Line:
    """Who stands in a lane."""

    first: UUID | None
    last: UUID | None
    busy: bool  # one of it is under way

    def free_for(self, job_id: UUID) -> bool:
        """Whether the job may start: it is first, and no other one is under way."""
        return not self.busy and (self.first is None or job_id <= self.first)

    def join(self, job_id: UUID) -> None:
        """The job stands in it too."""
        self.first = job_id if self.first is None else min(self.first, job_id)
        self.last = job_id if self.last is None else max(self.last, job_id)


def look(lanes: Collection[str]) -> dict[str, Line]:
    """Who stands in these lanes. Locks them, in the order of their numbers, until the transaction ends."""
    if not lanes:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(query("lock_lanes"), {"lanes": list(lanes)})
        cursor.execute(query("lines"), {"lanes": list(lanes)})
        return {lane: Line(first, last, busy) for lane, first, last, busy in cursor.fetchall()}


def join(places: Collection[tuple[str, UUID]]) -> None:
    """Let jobs stand in lanes, which are locked. Joining twice is joining once."""
    lanes, jobs = zip(*places, strict=True) if places else ((), ())
    if lanes:
        with connection.cursor() as cursor:
            cursor.execute(query("join_lanes"), {"lanes": list(lanes), "jobs": list(jobs)})


def leave(job_id: UUID) -> None:
    """Let an ended job stand in no lane; who waits behind it is handed over after the commit."""
    with connection.cursor() as cursor:
        cursor.execute(query("leave_lanes"), {"job": job_id})


def first_waiting(lane: str) -> UUID | None:
    """The job that goes first in this lane, if it waits. Whoever joins it just now is waited for."""
    with connection.cursor() as cursor:
        # Its own statement, which ends at once where no transaction is open: only the next sees who joined.
        cursor.execute(query("lock_lanes"), {"lanes": [lane]})
        cursor.execute(query("first_in_lane"), {"lane": lane})
        row = cursor.fetchone()
    return row[0] if row else None


def waiting() -> list[str]:
    """Lanes whose first job waits though nothing of its lanes is under way."""
    with connection.cursor() as cursor:
        cursor.execute(query("waiting_lanes"))
        return [row[0] for row in cursor.fetchall()]
