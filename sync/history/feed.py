"""The feed of changes: what was added, updated or deleted, in the order of commits within each entity."""

from __future__ import annotations

import base64
import binascii
import heapq
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection

from sync import schema
from sync.errors import BridgeError, InvalidRequest
from sync.history.versions import history_leaf
from sync.keys import key_text
from sync.queries import query
from sync.registry import Registered

OPS = {"i": "added", "u": "updated", "d": "deleted"}
Position = Mapping[int, int]
"""The number of the last change seen, by entity."""


class CursorExpired(BridgeError):  # noqa: N818 - answered with 410
    """The changes after a cursor are kept no longer: read the lists again, and begin anew."""

    code = "cursor_expired"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One change of one record."""

    entity: str
    seq: int  # rises by one per change within the entity
    op: str  # added, updated, deleted
    key_hash: uuid.UUID
    revision: int
    at: datetime
    key: str | None = None  # as in URLs; None where the mirror no longer has the row
    data: str | None = None  # JSON of that revision; None where it is no longer kept


def start(of: Sequence[Registered], *, now: bool) -> dict[int, int]:
    """The position before the oldest change that is kept, or after the newest."""
    ends = _ends(of)
    return {number: last if now else first - 1 for number, (last, first) in ends.items()}


def read(
    of: Sequence[Registered], position: Position, *, limit: int, with_data: bool = False
) -> tuple[list[Change], dict[int, int], bool]:
    """The next changes of these entities, the position after them, whether more follow. Raises CursorExpired."""
    ends = _ends(of)
    streams = []
    for registered in of:
        number = schema.entity_id(registered.path)
        after = position.get(number, 0)
        last, first = ends[number]
        _check_kept(registered, after, last, first)
        if after < last:
            streams.append(_changes(registered, number, after, limit))
    # By time over all entities; each one's own order stays as it is, whatever the clock did.
    found = list(heapq.merge(*streams, key=lambda change: change.at))[:limit]
    reached = {schema.entity_id(r.path): position.get(schema.entity_id(r.path), 0) for r in of}
    for change in found:
        reached[schema.entity_id(change.entity)] = change.seq
    more = any(reached[number] < last for number, (last, _) in ends.items())
    return _told(of, found, with_data=with_data), {**position, **reached}, more


def cursor(position: Position) -> str:
    """The position as a text that callers keep and hand back."""
    text = json.dumps({str(number): seq for number, seq in sorted(position.items())}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def position_of(text: str) -> dict[int, int]:
    """The position that a cursor names. Raises InvalidRequest (bad_cursor)."""
    try:
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        position = {int(number): seq for number, seq in found.items()}
    except (ValueError, binascii.Error, AttributeError):
        position = {0: -1}
    if not all(type(seq) is int and 0 <= seq < 2**63 for seq in position.values()):
        message = "`after` is not a cursor of this feed: pass `next` of the answer before."
        raise InvalidRequest(message, code="bad_cursor")
    return position


def _ends(of: Sequence[Registered]) -> dict[int, tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(query("feed_ends"), {"entities": [schema.entity_id(r.path) for r in of]})
        return {number: (last, first) for number, last, first in cursor.fetchall()}


def _check_kept(registered: Registered, after: int, last: int, first: int) -> None:
    if first - 1 <= after <= last:
        return
    raise CursorExpired(
        f"{registered.path}: the changes from {after + 1} on are not kept any more (there are {first} to {last})."
        " Take a new cursor with from=now, read the lists, then go on from that cursor."
    )


def _changes(registered: Registered, number: int, after: int, limit: int) -> Iterator[Change]:
    with connection.cursor() as cursor:
        cursor.execute(query("feed_page", entity_id=number), {"after": after, "most": limit})
        rows = cursor.fetchall()
    for seq, op, key, revision, at in rows:
        yield Change(entity=registered.path, seq=seq, op=OPS[op], key_hash=key, revision=revision, at=at)


def _told(of: Sequence[Registered], found: Sequence[Change], *, with_data: bool) -> list[Change]:
    """With keys, and data where asked for: one statement an entity."""
    by_path: dict[str, list[Change]] = {}
    for change in found:
        by_path.setdefault(change.entity, []).append(change)
    known: dict[tuple[str, uuid.UUID, int], tuple[str | None, str | None]] = {}
    for registered in of:
        for key_hash, revision, key, data in _records(registered, by_path.get(registered.path, [])):
            known[registered.path, key_hash, revision] = key, data
    told = []
    for change in found:
        key, data = known[change.entity, change.key_hash, change.revision]
        told.append(replace(change, key=key, data=data if with_data else None))
    return told


def _records(
    registered: Registered, changes: Sequence[Change]
) -> Iterator[tuple[uuid.UUID, int, str | None, str | None]]:
    if not changes:
        return
    number = schema.entity_id(registered.path)
    statement = query(
        "feed_records", leaf=schema.leaf(registered.path), old=history_leaf(registered), entity_id=number
    )
    given: dict[str, Any] = {
        "keys": [change.key_hash for change in changes],
        "revisions": [change.revision for change in changes],
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        rows = cursor.fetchall()
    for key_hash, revision, current, data in rows:
        key = None if current is None else key_text(registered, json.loads(current))
        yield key_hash, revision, key, data
