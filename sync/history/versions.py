"""A record's versions, and what each changed in the one before it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import msgspec
from django.db import connection

from sync import schema
from sync.queries import query
from sync.registry import Registered

NEWEST = 2**31 - 1  # above every revision


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """One state of a record, and how long it stood."""

    revision: int
    valid_from: datetime
    valid_to: datetime | None  # None = it stands now
    synced_at: datetime | None  # when the far end was asked; kept for the current version only
    deleted: bool
    mapping: int
    batch_id: int
    row_no: int
    data: str  # JSON


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A field that two neighbours do not share; JSON as stored, None where a version has no such field."""

    field: str
    old: str | None
    new: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A version with what it changed; None where its predecessor is not kept."""

    version: Version
    changes: tuple[Difference, ...] | None


def steps(
    registered: Registered, key_hash: uuid.UUID, *, below: int = NEWEST, limit: int = 50
) -> tuple[list[Step], int | None]:
    """Versions newest first with revisions under `below`, and the `below` of the next page."""
    # One more than shown: the last one's predecessor tells what it changed.
    found = list(_versions(registered, key_hash, below, limit + 1))
    told = [Step(version=new, changes=tuple(differences(old.data, new.data))) for new, old in pairwise(found)]
    if len(found) <= limit:
        told += [Step(version=last, changes=() if last.revision == 1 else None) for last in found[-1:]]
        return told, None
    return told, found[limit - 1].revision


def differences(old: str, new: str) -> Iterator[Difference]:
    """The fields in which two JSON objects differ, exactly as PostgreSQL writes them."""
    before = msgspec.json.decode(old, type=dict[str, msgspec.Raw])
    after = msgspec.json.decode(new, type=dict[str, msgspec.Raw])
    for name in {**before, **after}:
        one, other = _text(before.get(name)), _text(after.get(name))
        if one != other:
            yield Difference(field=name, old=one, new=other)


def history_leaf(registered: Registered) -> str:
    """The table of the entity's superseded versions."""
    return f"record_version_{schema.entity_id(registered.path)}"


def _versions(registered: Registered, key_hash: uuid.UUID, below: int, most: int) -> Iterator[Version]:
    statement = query("versions_of", leaf=schema.leaf(registered.path), old=history_leaf(registered))
    with connection.cursor() as cursor:
        cursor.execute(statement, {"key_hash": key_hash, "below": below, "most": most})
        rows = cursor.fetchall()
    for row in rows:
        yield Version(
            revision=row[0],
            valid_from=row[1],
            valid_to=row[2],
            synced_at=row[3],
            deleted=row[4],
            mapping=row[5],
            batch_id=row[6],
            row_no=row[7],
            data=row[8],
        )


def _text(value: msgspec.Raw | None) -> str | None:
    return None if value is None else bytes(value).decode()
