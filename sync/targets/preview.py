"""A dry run: what a push would create, update and delete. Nothing is sent, nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sync.declare import Push
from sync.registry import Registered
from sync.targets.ledger import Ledger
from sync.targets.plan import Step, plan
from sync.targets.reading import due, feed
from sync.targets.turn import hold_deletes

MOST_SHOWN = 20
"""Keys of each kind that are named."""


@dataclass(kw_only=True)
class Preview:
    """How many rows, and the first of each kind."""

    create: int = 0
    update: int = 0
    delete: int = 0
    waiting: int = 0
    unchanged: int = 0
    first: dict[str, list[str]] = field(default_factory=dict)  # key hashes by what would be done

    def add(self, step: Step) -> None:
        """Count a row."""
        word = "waiting" if step.wait else {"c": "create", "u": "update", "d": "delete"}[step.op]
        setattr(self, word, getattr(self, word) + 1)
        shown = self.first.setdefault(word, [])
        if len(shown) < MOST_SHOWN:
            shown.append(step.key_hash.hex)

    def as_json(self) -> dict[str, Any]:
        """For an answer."""
        counts = {
            name: getattr(self, name) for name in ("create", "update", "delete", "waiting", "unchanged")
        }
        return {"dry_run": True, **counts, "first": self.first}


def preview(registered: Registered, push: Push) -> Preview:
    """What a push of the entity would do now."""
    ledger = Ledger(registered=registered, push=push)
    found = Preview()
    seen: set[UUID] = set()
    for keys in _keys(ledger):
        fresh = [key for key in keys if key not in seen]
        seen.update(fresh)
        made = hold_deletes(ledger, plan(registered, push, fresh))
        found.unchanged += len(made.unchanged)
        for step in made.steps:
            found.add(step)
    return found


def _keys(ledger: Ledger) -> Iterator[list[UUID]]:
    yield from due(ledger)
    yield from (keys for keys, _ in feed(ledger))
