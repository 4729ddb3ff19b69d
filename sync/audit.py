"""Who did what: one entry for each act, written in the same transaction as the act.

When that commits, the database adds the entry's link to the chain; `sync.trail` proves and finds entries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sync.models import AuditEntry
from sync.redaction import masked, redact


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a user's or client's name, and the door they came through (`api`, `admin`, `shell`)."""

    name: str
    door: str
    request_id: str | None = None


def record(
    act: str,
    obj_type: str,
    obj_id: str,
    *,
    by: Actor,
    reason: str | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Write the entry of an act such as `job.retry` on an object such as (`job`, its id); secrets are masked."""
    return AuditEntry.objects.create(
        act=act,
        object_type=obj_type,
        object_id=str(obj_id),
        actor=by.name,
        door=by.door,
        reason=None if reason is None else redact(reason),
        before=None if before is None else masked(before),
        after=None if after is None else masked(after),
        request_id=by.request_id,
    )
