"""Why a key of which a row came may not be served: it failed, waits for its parent, or was discarded."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from sync import schema
from sync.fingerprint import fingerprint
from sync.mapping.in_force import in_force
from sync.models import FailedRecord, PendingChild
from sync.registry import Registered


@dataclass(frozen=True, kw_only=True, slots=True)
class Detained:
    """A row that came from the far end and is not in the mirror: it failed, waits for its parent, or was discarded."""

    why: str  # set_aside, waiting_for_parent or discarded
    id: uuid.UUID
    seen_at: datetime
    message: str


def detained(registered: Registered, key_hash: uuid.UUID) -> Detained | None:
    """The failure or the waiting place of a key, or a discard that holds; None where there is neither.

    Raises ConfigError (mapping_unfit) where it was discarded, and the mapping in force cannot say whether that holds.
    """
    entity_id = schema.entity_id(registered.path)
    failures = FailedRecord.objects.filter(entity_id=entity_id, key_hash=key_hash)
    failed = failures.filter(state=FailedRecord.State.OPEN).first()
    if failed is not None:
        return Detained(why="set_aside", id=failed.id, seen_at=failed.last_seen_at, message=failed.message)
    child = PendingChild.objects.filter(entity_id=entity_id, key_hash=key_hash).first()
    if child is not None:
        message = f"It waits for a row of {child.parent_entity.path}."
        return Detained(why="waiting_for_parent", id=child.id, seen_at=child.synced_at, message=message)
    discarded = failures.filter(state=FailedRecord.State.DISCARDED)
    gone = _holding(registered, discarded).order_by("-last_seen_at").first() if discarded.exists() else None
    if gone is not None:
        message = f"{gone.closed_by or 'Somebody'} discarded it. {gone.message}"
        return Detained(why="discarded", id=gone.id, seen_at=gone.last_seen_at, message=message)
    return None


def _holding(registered: Registered, discarded: QuerySet[FailedRecord]) -> QuerySet[FailedRecord]:
    """Those that still have their effect: taken back, or read by other rules, the row would fail anew or land."""
    now = in_force(registered)
    return discarded.filter(read_under=fingerprint(now.registered, now.no))
