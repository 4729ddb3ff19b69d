"""How many jobs of an entity or a system run at once, over all workers; a row for each limit, changed at any time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from sync.jobs import kinds
from sync.models import ScopeLimit
from sync.queries import query
from sync.registry import registry

LIMIT = "limit"
PAUSED = "paused"


@dataclass(slots=True)
class Places:
    """What a scope has left; `left` is None where nothing limits it."""

    paused: bool
    left: int | None

    @property
    def hold(self) -> str | None:
        """Why a job of this scope must wait."""
        if self.paused:
            return PAUSED
        return LIMIT if self.left is not None and self.left < 1 else None

    def take(self) -> None:
        """One more job is under way."""
        self.left = None if self.left is None else self.left - 1


def default_limits() -> None:
    """Make the limits of what is declared and has none. The row is the knob: a changed one stays."""
    rows = [ScopeLimit(scope=f"entity:{one.path}", most=one.entity.max_parallel) for one in registry]
    rows += [ScopeLimit(scope=f"replay:{one.path}", most=1) for one in registry]
    rows += [ScopeLimit(scope=f"system:{one.name}", most=one.max_parallel) for one in registry.systems]
    rows += [ScopeLimit(scope=f"queue:{name}", most=None) for name in kinds.QUEUES]  # to be paused
    ScopeLimit.objects.bulk_create(rows, ignore_conflicts=True)


def look(scopes: Collection[str]) -> dict[str, Places]:
    """What these scopes have left. Locks their rows, by name, until the transaction ends."""
    if not scopes:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(query("lock_scopes"), {"scopes": list(scopes)})
        cursor.execute(query("places"), {"scopes": list(scopes)})
        return {scope: Places(paused, left) for scope, paused, left in cursor.fetchall()}


def is_paused(scopes: Collection[str]) -> bool:
    """Whether jobs of these scopes may not start now."""
    if not scopes:
        return False
    with connection.cursor() as cursor:
        cursor.execute(query("any_paused"), {"scopes": list(scopes)})
        row = cursor.fetchone()
    return bool(row and row[0])


def next_waiting(scope: str, full: Iterable[str]) -> UUID | None:
    """The job that goes first when this scope has room, of those that the scopes in `full` don't count."""
    with connection.cursor() as cursor:
        cursor.execute(query("next_waiting"), {"scope": scope, "full": list(full)})
        row = cursor.fetchone()
    return row[0] if row else None


def waiting() -> list[str]:
    """The scopes for which jobs wait."""
    with connection.cursor() as cursor:
        cursor.execute(query("waiting_scopes"))
        return [row[0] for row in cursor.fetchall()]
