"""What the memo of raw bytes depends on: change any of it and every row is worked again."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import fields as parts_of
from functools import partial
from typing import Any

from sync.fields import Constant, Field, FirstOf, Join
from sync.registry import Registered


def fingerprint(registered: Registered, mapping: int) -> uuid.UUID:
    """The fingerprint of an entity's declaration and mapping version: equal in every process.

    Hook functions count by their names only; a changed one is told by raising the entity's `revision`.
    """
    from sync.pipeline.batch import PIPELINE_VERSION

    entity = registered.entity
    facts = {
        "entity": registered.path,
        "fields": {name: _of_field(field) for name, field in entity.fields.items()},
        "computed": [[name, _value(computed)] for name, computed in entity.computed.items()],
        "rules": [[code, message, _name(broken)] for code, message, broken in entity.rules],
        "key": entity.key,
        "version": entity.version or entity.cursor,
        "volatile": sorted(entity.volatile),
        "revision": entity.revision,
        "mapping": mapping,
        "pipeline": PIPELINE_VERSION,
    }
    text = json.dumps(facts, sort_keys=True)
    return uuid.UUID(bytes=hashlib.blake2b(text.encode(), digest_size=16).digest())


def seed(of: uuid.UUID) -> int:
    """The fingerprint as the seed of XXH3-128 over a row's bytes: 64 bits."""
    return of.int >> 64


def _of_field(field: Field) -> dict[str, Any]:
    known = {part.name: getattr(field, part.name) for part in parts_of(field) if part.name != "label"}
    return {"kind": field.kind, **{name: _value(value) for name, value in known.items()}}


def _value(value: Any) -> Any:
    if isinstance(value, FirstOf):
        return ["first of", *map(_value, value.parts)]
    if isinstance(value, Constant):
        return ["constant", value.text]
    if isinstance(value, Join):
        return ["join", value.by, *value.parts]
    if isinstance(value, tuple):
        return [_value(part) for part in value]
    return _name(value) if callable(value) else value


def _name(hook: Callable[..., Any]) -> Any:
    if isinstance(hook, partial):
        named = {name: repr(value) for name, value in hook.keywords.items()}
        return [_name(hook.func), [repr(value) for value in hook.args], named]
    named_by = hook if hasattr(hook, "__qualname__") else type(hook)
    return f"{named_by.__module__}.{named_by.__qualname__}"
