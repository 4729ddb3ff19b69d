"""Finding a row by its UUID or how it begins, and by its key."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from sync.errors import BridgeError
from sync.keys import key_hash, parse_key
from sync.registry import registry
from sync.schema import entity_id

_HEX = re.compile(r"[0-9a-f]{1,32}")


def by_id(rows: QuerySet[Any], words: str) -> QuerySet[Any]:
    """The rows whose id begins so: a range on the primary key. None where the words are no part of an id."""
    begin = words.strip().lower().replace("-", "")
    if not begin:
        return rows
    if not _HEX.fullmatch(begin):
        return rows.none()
    return rows.filter(pk__gte=UUID(begin.ljust(32, "0")), pk__lte=UUID(begin.ljust(32, "f")))


def by_id_or_key(rows: QuerySet[Any], words: str, path: str | None) -> QuerySet[Any]:
    """The rows whose id begins so, or, with an entity's path, the one with this key."""
    key = by_key(rows, words, path)
    return by_id(rows, words) if key is None else by_id(rows, words) | key


def by_key(rows: QuerySet[Any], words: str, path: str | None) -> QuerySet[Any] | None:
    """The row of an entity with this key; None where the words or the path cannot name one."""
    if not path or path not in registry:
        return None
    registered = registry.find(path)
    try:
        number = key_hash(registered, parse_key(registered, words.strip()))
    except BridgeError:
        return None
    return rows.filter(entity_id=entity_id(path), key_hash=number)
