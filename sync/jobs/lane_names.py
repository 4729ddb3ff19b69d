"""What the lanes of a job are called: by the record that it is for, or by a value such as an order's number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sync.declare import Business, Lane, Record
from sync.keys import key_hash
from sync.registry import Registered, registry


def names(
    declared: Lane | Sequence[Lane], system: str, values: Mapping[str, Any], entity: Registered | None = None
) -> list[str]:
    """The lanes of something with these values; one whose value is absent or null is left out.

    `entity` is the one that declares them. Raises UnknownEntity.
    """
    several = [declared] if isinstance(declared, Record | Business) else declared
    found = (
        _of_record(lane, system, values, entity)
        if isinstance(lane, Record)
        else _of_value(lane, system, values)
        for lane in several
    )
    return [name for name in found if name is not None]


def of_refresh(entity: Registered | None, params: Mapping[str, Any]) -> list[str]:
    """The lanes of a job for the one record whose key is in `params`, where its entity declares some."""
    if entity is None or not entity.entity.lane:
        return []
    return names(entity.entity.lane, entity.system.name, params.get("key", {}), entity)


def _of_record(lane: Record, system: str, values: Mapping[str, Any], entity: Registered | None) -> str | None:
    meant = entity
    if lane.entity is not None:
        meant = registry.find(lane.entity if "." in lane.entity else f"{system}.{lane.entity}")
    if meant is None:
        return None
    key = {name: values.get(lane.by.get(name, name)) for name in meant.entity.key}
    if any(value is None for value in key.values()):
        return None
    return f"record:{meant.path}:{key_hash(meant, key)}"


def _of_value(lane: Business, system: str, values: Mapping[str, Any]) -> str | None:
    value = values.get(lane.field)
    return None if value is None else f"{system}.{lane.name or lane.field}:{value}"
