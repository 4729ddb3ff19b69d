"""What differs between many records as they are and as they would be.

Values are compared as the bytes they are written in; only where these differ are they read.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
import polars as pl
from django.db import connection

from sync import schema
from sync.queries import query
from sync.registry import Registered

Fields = Mapping[str, msgspec.Raw]
"""A record's served data, no value read yet."""

_rows = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_rows_or_none = msgspec.json.Decoder(list[dict[str, msgspec.Raw] | None])


def stored_fields(registered: Registered, keys: pl.Series) -> Sequence[Fields | None]:
    """What the mirror serves of these keys (hex), in their order; None where it has no such record."""
    with connection.cursor() as cursor:
        cursor.execute(query("data_in_order", **schema.names(registered.path)), {"keys": keys.to_list()})
        found = cursor.fetchone()
    return _rows_or_none.decode(found[0] if found else "[]")


def fields_of(data: pl.Series) -> Sequence[Fields]:
    """Rows of JSON."""
    return _rows.decode(f"[{data.str.join(',').item()}]")


def differing(
    before: Fields, after: Fields, *, besides: Collection[str] = ()
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values of both that are written differently, and of some fields `besides`."""
    names = {name for name in {**before, **after} if before.get(name) != after.get(name)}.union(besides)
    return _read(before, names), _read(after, names)


def _read(fields: Fields, names: Collection[str]) -> dict[str, Any]:
    return {name: _value(bytes(fields[name])) for name in names if name in fields}


def _value(text: bytes) -> Any:
    if text.startswith(b'"') and b"\\" not in text:
        return text[1:-1].decode()  # as json.loads has it, in a fifth of the time
    return json.loads(text)
