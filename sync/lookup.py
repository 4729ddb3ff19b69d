"""Everything that is known of one key, in one round trip."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from sync import schema
from sync.queries import query
from sync.records import Found
from sync.registry import Registered


@dataclass(frozen=True, kw_only=True, slots=True)
class Lookup:
    """A record with what its age is judged by."""

    found: Found | None
    fresh_to: datetime | None  # start of the entity's last complete run
    absent_since: datetime | None  # when the far end last said that it has no such record
    emptied_at: datetime | None = None  # when its entity was last emptied, to be read anew
    refused_at: datetime | None = None  # when it was asked for a row that failed, or waits for its parent


def look_up(registered: Registered, key_hash: uuid.UUID) -> Lookup:
    """The record, the entity's freshness and a remembered absence."""
    statement = query(
        "look_up", leaf=schema.leaf(registered.path), entity_id=schema.entity_id(registered.path)
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, {"key_hash": key_hash})
        row = cursor.fetchone()
    if row is None:  # no tracker: `migrate` has not finished
        return Lookup(found=None, fresh_to=None, absent_since=None)
    found = None
    if row[0] is not None:
        found = Found(
            key_hash=row[0],
            revision=row[1],
            synced_at=row[2],
            changed_at=row[3],
            deleted_at=row[4],
            data=row[5],
            mapping=row[8],
        )
    return Lookup(found=found, fresh_to=row[6], absent_since=row[7], refused_at=row[9], emptied_at=row[10])
