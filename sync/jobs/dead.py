"""Dead jobs: out of tries and not dealt with, counted by what they are and why. An index has them and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Min, TextField
from django.db.models.functions import Cast

from sync.jobs.selecting import DEAD
from sync.models import Job

NONE = "none"
"""The module of jobs that belong to no entity."""
MOST_KINDS_OF_DEATH = 1_000


@dataclass(frozen=True, kw_only=True)
class Dead:
    """The dead jobs of an entity, of one kind and one error."""

    entity: str | None
    kind: str
    code: str | None
    jobs: int
    oldest_at: datetime  # when the first of them was asked for
    newest_at: datetime
    newest: UUID

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return {**self.__dict__, "newest": str(self.newest)}


def counts() -> list[Dead]:
    """All of them, the most frequent first."""
    groups = Job.objects.filter(DEAD).order_by().values("entity__path", "kind", "error_code")
    found = groups.annotate(
        jobs=Count("id"),
        oldest_at=Min("created_at"),
        newest_at=Max("created_at"),
        newest=Max(Cast("id", TextField())),  # PostgreSQL has no max(uuid)
    )
    return [
        Dead(
            entity=one["entity__path"],
            kind=one["kind"],
            code=one["error_code"],
            jobs=one["jobs"],
            oldest_at=one["oldest_at"],
            newest_at=one["newest_at"],
            newest=UUID(one["newest"]),
        )
        for one in found.order_by("-jobs", "kind")[:MOST_KINDS_OF_DEATH]
    ]


def by_module() -> dict[str, int]:
    """How many each entity has; those of no entity under NONE."""
    rows = Job.objects.filter(DEAD).order_by().values_list("entity__path").annotate(Count("id"))
    return {path or NONE: number for path, number in rows}
