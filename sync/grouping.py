"""Keeps the groups of failures: seen by what fails, closed when no open member is left.

Group rows are locked in the order of their fingerprints, after records and failures and before the tracker.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from sync.ids import uuid7
from sync.models import ErrorGroup
from sync.queries import query
from sync.signature import signature


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """A failure as its group sees it."""

    fingerprint: uuid.UUID
    stage: str
    code: str
    field: str | None
    message: str


def see(cursor: Any, kind: str, entity_id: int | None, sightings: Iterable[Sighting]) -> None:
    """Note that these groups have new members: one statement for all of a batch. A closed one opens again."""
    found = {sighting.fingerprint: sighting for sighting in sightings}
    if not found:
        return
    told = list(found.values())
    given = {
        "entity_id": entity_id,
        "kind": kind,
        "ids": [uuid7() for _ in told],
        "fingerprints": list(found),
        "stages": [sighting.stage for sighting in told],
        "codes": [sighting.code for sighting in told],
        "fields": [sighting.field for sighting in told],
        "messages": [sighting.message for sighting in told],
    }
    cursor.execute(query("see_groups"), given)


def see_job(kind: str, path: str | None, entity_id: int | None, code: str, message: str) -> uuid.UUID:
    """Note a job that failed for good, in the transaction that is open; its fingerprint."""
    fingerprint = job_signature(kind, path, code, message)
    sighting = Sighting(fingerprint=fingerprint, stage=kind, code=code, field=None, message=message)
    with connection.cursor() as cursor:
        see(cursor, ErrorGroup.Kind.JOB, entity_id, [sighting])
    return fingerprint


def job_signature(kind: str, path: str | None, code: str, message: str) -> uuid.UUID:
    """The fingerprint of a job's error."""
    return signature(path, kind, code, None, message)


def close(cursor: Any, fingerprints: Iterable[uuid.UUID]) -> int:
    """Close those of these groups that have no open member left; how many."""
    given = {"fingerprints": list(set(fingerprints))}
    if not given["fingerprints"]:
        return 0
    # As its own statement: the next one's snapshot then has the member of whoever held the row.
    cursor.execute(query("lock_groups"), given)
    cursor.execute(query("close_groups"), given)
    return int(cursor.rowcount)


def sweep() -> int:
    """Close groups that lost their last member to a failure of another kind, or to two commits at once."""
    with connection.cursor() as cursor:
        cursor.execute(query("memberless_groups"))
        found = [row[0] for row in cursor.fetchall()]
        if not found:
            return 0
        with transaction.atomic():
            return close(cursor, found)
