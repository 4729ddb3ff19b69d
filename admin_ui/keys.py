"""Keys as people write them, read from a row's data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sync.keys import key_text
from sync.registry import Registered, registry


def key_of(path: str, data: Mapping[str, Any]) -> str | None:
    """The key of a row of a declared entity; None where its data or its declaration lacks it."""
    if path not in registry:
        return None
    registered = registry.find(path)
    if any(data.get(name) is None for name in registered.entity.key):
        return None
    return key_text(registered, dict(data))


def parent_key_of(child_path: str, parent_path: str, data: Mapping[str, Any]) -> str | None:
    """The key of the parent that a row names; None where no declaration says how it does."""
    if child_path not in registry:
        return None
    child = registry.find(child_path)
    for parent in child.entity.parents:
        if registry.parent(child, parent).path == parent_path:
            return _named(child, parent.by, data)
    return None


def _named(child: Registered, by: Mapping[str, str], data: Mapping[str, Any]) -> str:
    return ",".join(str(data.get(ours)) for ours in by)
