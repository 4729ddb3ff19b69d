"""The chain as it is stored: its ends, its links in their order, and the head that a person keeps elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from sync.errors import InvalidRequest
from sync.queries import query
from sync.trail.link import Entry

AT_ONCE = 5_000  # links
_HEAD = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Point:
    """A number with the hash of its link."""

    seq: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash.hex()}"


@dataclass(frozen=True, slots=True)
class Link:
    """A stored link, with its entry where that is still there."""

    seq: int
    hash: bytes
    audit_id: UUID
    entry: Entry | None


def read_point(text: str) -> Point:
    """A head as `str(point)` wrote it. Raises InvalidRequest (bad_head)."""
    found = _HEAD.fullmatch(text.strip().lower())
    if found is None:
        message = f"{text[:100]!r} is no head: write NUMBER:HASH, as `bridge audit verify` printed it."
        raise InvalidRequest(message, code="bad_head")
    return Point(int(found[1]), bytes.fromhex(found[2]))


def ends(*, locked: bool = False) -> tuple[Point, Point]:
    """The start (the last entry that was deleted for its age; number 0 where none was) and the head."""
    with connection.cursor() as cursor:
        cursor.execute(query("audit_chain_locked" if locked else "audit_chain"))
        start_seq, start_hash, head_seq, head_hash = cursor.fetchone()
    return Point(start_seq, bytes(start_hash)), Point(head_seq, bytes(head_hash))


def links(after: int) -> Iterator[Link]:
    """All links above a number, in their order."""
    while page := links_page(after, AT_ONCE):
        yield from page
        after = page[-1].seq


def links_page(after: int, most: int) -> list[Link]:
    """The next links above a number."""
    with connection.cursor() as cursor:
        cursor.execute(query("audit_links"), {"after": after, "most": most})
        return [_link(row) for row in cursor.fetchall()]


def hash_of(seq: int) -> bytes | None:
    """The hash of the link of that number; None where there is none."""
    with connection.cursor() as cursor:
        cursor.execute(query("audit_hash"), {"seq": seq})
        row = cursor.fetchone()
    return bytes(row[0]) if row else None


def _link(row: tuple[Any, ...]) -> Link:
    seq, stored, audit_id, *columns = row
    entry = None if columns[0] is None else Entry(*columns)
    return Link(seq, bytes(stored), audit_id, entry)
