"""Reads of the mirror: one record, a page of them, and how fresh they are."""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from sync import schema
from sync.errors import InvalidRequest
from sync.keys import key_hash
from sync.models import Tracker
from sync.registry import Registered

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"[+-]?[0-9]{1,1000}(\.[0-9]{1,1000})?")
_COLUMNS = "key_hash, revision, synced_at, changed_at, deleted_at, data::text AS content, mapping"


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A record as the mirror holds it."""

    key_hash: uuid.UUID
    revision: int
    synced_at: datetime  # when the far end was asked for this state
    changed_at: datetime  # ours, strictly rising per record
    deleted_at: datetime | None
    data: str  # JSON
    mapping: int = 0  # number of the mapping that made this version, 0 = the declaration alone


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """A page of records, oldest change first."""

    items: list[Found]
    next: str | None  # opaque; None = nothing follows now


def read(registered: Registered, key: Mapping[str, str]) -> Found | None:
    """The record of a key, deleted ones too; None where the mirror has none."""
    return read_hash(registered, key_hash(registered, key))


def read_hash(registered: Registered, number: uuid.UUID) -> Found | None:
    """The record of a key hash."""
    rows = _select(registered, "key_hash = %(key_hash)s", {"key_hash": number}, limit=1)
    return rows[0] if rows else None


def page(
    registered: Registered,
    *,
    filters: Mapping[str, str] | None = None,
    updated_since: datetime | None = None,
    after: str | None = None,
    limit: int = 50,
    include_deleted: bool = False,
) -> Listing:
    """Up to `limit` records by (changed_at, key). Raises InvalidRequest for a cursor that is not ours."""
    conditions, values = filter_conditions(registered, filters or {})
    if updated_since is not None:
        conditions.append("changed_at >= %(since)s")
        values["since"] = updated_since
    if after is not None:
        conditions.append("(changed_at, key_hash) > (%(after_at)s, %(after_key)s)")
        values["after_at"], values["after_key"] = _parse_cursor(after)
    if not include_deleted:
        conditions.append("deleted_at IS NULL")
    rows = _select(registered, " AND ".join(["TRUE", *conditions]), values, limit=limit + 1)
    more = len(rows) > limit
    return Listing(items=rows[:limit], next=_cursor(rows[limit - 1]) if more else None)


def filter_conditions(registered: Registered, filters: Mapping[str, str]) -> tuple[list[str], dict[str, Any]]:
    """The SQL conditions of declared filters, as their indexes have them, and the values. Raises InvalidRequest."""
    conditions, values = [], {}
    for name, value in filters.items():
        cast = "::numeric" if schema.is_numeric(registered, name) else ""
        conditions.append(f"{schema.filter_expression(registered, name)} = %(filter_{name})s{cast}")
        values[f"filter_{name}"] = _checked(registered, name, value)
    return conditions, values


def tracker(registered: Registered) -> Tracker:
    """The entity's tracker."""
    return Tracker.objects.get(entity_id=schema.entity_id(registered.path))


def absent_since(registered: Registered, number: uuid.UUID) -> datetime | None:
    """When the far end last said that it has no such record; None where it never did."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT checked_at FROM absent_key WHERE key_hash = %s AND entity_id = %s",
            (number, schema.entity_id(registered.path)),
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _select(registered: Registered, where: str, values: Mapping[str, Any], *, limit: int) -> list[Found]:
    leaf = schema.leaf(registered.path)  # naming the leaf saves planning over all partitions
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM {leaf} WHERE {where} ORDER BY {leaf}.changed_at, key_hash LIMIT {limit:d}",  # noqa: S608 - names and numbers of ours; values are parameters
            values,
        )
        return [
            Found(
                key_hash=r[0],
                revision=r[1],
                synced_at=r[2],
                changed_at=r[3],
                deleted_at=r[4],
                data=r[5],
                mapping=r[6],
            )
            for r in cursor.fetchall()
        ]


def _checked(registered: Registered, name: str, value: str) -> str:
    if schema.is_numeric(registered, name) and not _NUMBER.fullmatch(value):
        raise InvalidRequest(f"{name}={value!r} is not a number, such as 1000.50.", code="bad_filter")
    if "\x00" in value:
        raise InvalidRequest(f"{name} holds a NUL character, which no record has.", code="bad_filter")
    return value


def _cursor(found: Found) -> str:
    micros = (found.changed_at - _EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(micros.to_bytes(8, "big") + found.key_hash.bytes).decode().rstrip("=")


def _parse_cursor(text: str) -> tuple[datetime, uuid.UUID]:
    try:
        content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        micros = int.from_bytes(content[:8], "big")
        return _EPOCH + timedelta(microseconds=micros), uuid.UUID(bytes=content[8:])
    except (ValueError, binascii.Error, OverflowError):
        raise InvalidRequest(
            "`after` is not a cursor of ours: pass `next` of the page before.", code="bad_cursor"
        ) from None
