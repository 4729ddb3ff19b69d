"""A record's key: in URLs, as fields, as its hash. Plain Python: web processes never load the pipeline."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

import xxhash

from sync.canonical import canonical
from sync.errors import InvalidRequest, RecordError
from sync.registry import Registered


def parse_key(registered: Registered, text: str) -> dict[str, str]:
    """The key that a URL names: its percent-encoded parts, joined by commas, as canonical text by field.

    Raises InvalidRequest (code invalid_key) with the form it should have.
    """
    names = registered.entity.key
    parts = [text] if len(names) == 1 else text.split(",")
    if len(parts) != len(names):
        raise _invalid(registered, f"{text!r} has {len(parts)} part{'' if len(parts) == 1 else 's'}")
    return {name: _part(registered, name, part) for name, part in zip(names, parts, strict=True)}


def key_text(registered: Registered, data: Mapping[str, Any]) -> str:
    """The key of served data as URLs write it: `ALFKI`, `10248,11`. Raises InvalidRequest."""
    return ",".join(
        quote(_as_text(registered, name, data.get(name)), safe="") for name in registered.entity.key
    )


def key_hash(registered: Registered, key: Mapping[str, Any]) -> uuid.UUID:
    """XXH3-128 (seed 0) of the canonical key text `name=value|name=value`, sorted by name.

    Raises InvalidRequest where a part is missing.
    """
    parts = {name: _as_text(registered, name, key.get(name)) for name in registered.entity.key}
    text = "|".join(f"{name}={_escaped(parts[name])}" for name in sorted(parts))
    return uuid.UUID(bytes=xxhash.xxh3_128_digest(text.encode()))


def _part(registered: Registered, name: str, part: str) -> str:
    try:
        value = canonical(registered.entity.fields[name], unquote(part, errors="strict"))
    except UnicodeDecodeError as error:
        raise _invalid(registered, f"{part!r} is not UTF-8 when decoded") from error
    except RecordError as error:
        raise _invalid(registered, f"{name}: {error.message}") from error
    if value is None:
        raise _invalid(registered, f"{name} is blank")
    return value


def _as_text(registered: Registered, name: str, value: Any) -> str:
    if value is None:
        raise _invalid(registered, f"{name} is missing")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("|", "\\|")


def _invalid(registered: Registered, problem: str) -> InvalidRequest:
    form = ",".join(f"{{{name}}}" for name in registered.entity.key)
    message = f"{problem}. A key of {registered.path} is written {form}, each part percent-encoded."
    return InvalidRequest(message, code="invalid_key")
