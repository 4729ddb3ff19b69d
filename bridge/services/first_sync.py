"""The first sync of every entity that has never completed one."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from sync.audit import Actor
from sync.models import Tracker
from sync.registry import Registered, registry
from sync.start import start_sync

BY = Actor(name="bridge up", door="shell")


def ask_for_first_syncs() -> list[UUID]:
    """Ask for them, parents before their children; return the jobs."""
    complete = set(Tracker.objects.exclude(last_sync_at=None).values_list("entity__path", flat=True))
    return [start_sync(entity, by=BY).job.id for entity in parents_first() if entity.path not in complete]


def parents_first() -> list[Registered]:
    """All entities, each after those whose records it refers to."""
    done: dict[str, Registered] = {}

    def visit(entity: Registered, above: tuple[str, ...]) -> None:
        if entity.path in done or entity.path in above:  # a tree of its own kind, or a circle
            return
        for parent in _parents(entity):
            visit(parent, (*above, entity.path))
        done[entity.path] = entity

    for entity in registry:
        visit(entity, ())
    return list(done.values())


def _parents(entity: Registered) -> Iterator[Registered]:
    for parent in entity.entity.parents:
        yield registry.parent(entity, parent)
