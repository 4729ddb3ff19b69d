"""The mirror as it stood at a moment: one record, or a page of all."""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from sync import records, schema
from sync.errors import InvalidRequest
from sync.history.versions import history_leaf
from sync.queries import query
from sync.registry import Registered


@dataclass(frozen=True, kw_only=True, slots=True)
class Then:
    """A record as it stood at the moment asked for."""

    key_hash: uuid.UUID
    revision: int
    synced_at: datetime | None  # None where a newer version took its place
    changed_at: datetime
    deleted_at: datetime | None
    data: str  # JSON
    valid_to: datetime | None  # None = it stands now
    mapping: int  # number of the mapping that made it, 0 = the declaration alone


@dataclass(frozen=True, kw_only=True, slots=True)
class NotKept:
    """A record that existed at the moment asked for, and of which no version of then is kept."""

    key_hash: uuid.UUID
    kept_from: datetime  # the beginning of its oldest version that is
    data: str  # JSON, as it stands now: for the key


def record_as_of(registered: Registered, key_hash: uuid.UUID, moment: datetime) -> Then | None:
    """The version that was valid then, deleted ones too; None where none is kept of that moment."""
    statement = query("record_as_of", leaf=schema.leaf(registered.path), old=history_leaf(registered))
    rows = _select(statement, {"key_hash": key_hash, "moment": moment})
    return rows[0] if rows else None


def oldest_kept(registered: Registered, key_hash: uuid.UUID) -> tuple[int, datetime] | None:
    """Revision and beginning of the oldest version that is kept; None for an unknown key."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT revision, valid_from FROM {history_leaf(registered)} WHERE key_hash = %s"  # noqa: S608 - a table of ours
            f" UNION ALL SELECT revision, changed_at FROM {schema.leaf(registered.path)} WHERE key_hash = %s"
            " ORDER BY revision LIMIT 1",
            [key_hash, key_hash],
        )
        row = cursor.fetchone()
    return (row[0], row[1]) if row else None


def page_as_of(
    registered: Registered,
    moment: datetime,
    *,
    filters: Mapping[str, str] | None = None,
    after: str | None = None,
    limit: int = 50,
    include_deleted: bool = False,
) -> tuple[list[Then], list[NotKept], str | None]:
    """Up to `limit` records by key hash as they stood then, or are not kept, and the cursor of what follows.

    What is not kept is told whatever the filters are. Raises InvalidRequest for a cursor that is not of such a list.
    """
    conditions, values = records.filter_conditions(registered, filters or {})
    statement = query(
        "list_as_of",
        leaf=schema.leaf(registered.path),
        old=history_leaf(registered),
        live="TRUE" if include_deleted else "deleted_at IS NULL",
        kept="TRUE" if include_deleted else "NOT deleted",
        filters=" AND ".join(["TRUE", *conditions]),
    )
    given = {"moment": moment, "after": _key_of(after), "most": limit + 1, **values}
    known: list[Then | NotKept] = [*_select(statement, given), *_not_kept(registered, moment, given)]
    found = sorted(known, key=lambda then: then.key_hash)
    page, more = found[:limit], len(found) > limit
    return (
        [then for then in page if isinstance(then, Then)],
        [then for then in page if isinstance(then, NotKept)],
        _cursor(page[-1].key_hash) if more else None,
    )


def _not_kept(registered: Registered, moment: datetime, given: Mapping[str, Any]) -> list[NotKept]:
    since = records.tracker(registered).history_from
    if since is None or since <= moment:
        return []  # all versions that were valid then are kept: mostly that is so
    names: dict[str, str | int] = {"leaf": schema.leaf(registered.path), "old": history_leaf(registered)}
    with connection.cursor() as cursor:
        entity_id = schema.entity_id(registered.path)
        cursor.execute(query("unkept_as_of", entity_id=entity_id, **names), given)
        return [NotKept(key_hash=row[0], kept_from=row[1], data=row[2]) for row in cursor.fetchall()]


def _select(statement: str, values: Mapping[str, Any]) -> list[Then]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [
            Then(
                key_hash=r[0],
                revision=r[1],
                synced_at=r[2],
                changed_at=r[3],
                deleted_at=r[4],
                data=r[5],
                valid_to=r[6],
                mapping=r[7],
            )
            for r in cursor.fetchall()
        ]


def _cursor(key_hash: uuid.UUID) -> str:
    return base64.urlsafe_b64encode(key_hash.bytes).decode().rstrip("=")


def _key_of(text: str | None) -> uuid.UUID:
    if text is None:
        return uuid.UUID(int=0)
    try:
        return uuid.UUID(bytes=base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error):
        message = "`after` is not a cursor of this list: pass `next` of the page before."
        raise InvalidRequest(message, code="bad_cursor") from None
