"""One link of the chain: SHA-256 of the hash before it and the entry's canonical text.

The canonical text is a JSON array of texts, in UTF-8, with a blank after each comma and nothing escaped that JSON lets
stand: number, id, moment (UTC, six digits of a second, such as 2026-01-31T08:00:00.000000Z), actor, door, act, type
and id of the object, reason, before, after, id of the request. What is absent is null. Before and after are texts
themselves: the JSON as PostgreSQL's jsonb prints it. The hash before the first entry is 32 bytes of zero.
The database makes the links (migration 0031); here they are made anew from the columns alone.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

GENESIS = bytes(32)


@dataclass(frozen=True, slots=True)
class Entry:
    """The columns of an entry as they are stored; `before` and `after` are texts."""

    id: UUID
    at: datetime
    actor: str
    door: str
    act: str
    object_type: str
    object_id: str
    reason: str | None
    before: str | None
    after: str | None
    request_id: str | None


def canonical(seq: int, entry: Entry) -> str:
    """The text whose hash is the entry's link."""
    moment = f"{entry.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
    words = [str(seq), str(entry.id), moment, entry.actor, entry.door, entry.act, entry.object_type]
    rest = [entry.object_id, entry.reason, entry.before, entry.after, entry.request_id]
    return json.dumps([*words, *rest], ensure_ascii=False)


def linked(previous: bytes, seq: int, entry: Entry) -> bytes:
    """The hash of the link of that number."""
    return hashlib.sha256(previous + canonical(seq, entry).encode()).digest()
