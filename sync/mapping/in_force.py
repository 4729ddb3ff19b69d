"""Which mapping of an entity is in force: its number, and the entity with its rules laid over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection

from sync import schema
from sync.errors import ConfigError, NotFound
from sync.mapping.rules import effective
from sync.models import Mapping
from sync.queries import query
from sync.registry import Registered, registry


@dataclass(frozen=True)
class InForce:
    """An entity as the stages are to see it. `no` is 0 where the declaration stands alone."""

    no: int
    registered: Registered


def in_force(registered: Registered) -> InForce:
    """What is in force now. Raises ConfigError (mapping_unfit) where its rules fit the declaration no more."""
    entity_id = schema.entity_id(registered.path)
    mapping = Mapping.objects.filter(entity_id=entity_id, state=Mapping.State.ACTIVE).first()
    return InForce(0, registered) if mapping is None else of(registered, mapping)


def of(registered: Registered, mapping: Mapping) -> InForce:
    """An entity under one of its mappings, whatever its state. Raises ConfigError (mapping_unfit)."""
    return InForce(mapping.no, effective(registered, mapping.rules, mapping.no))


def as_read(registered: Registered) -> Registered:
    """The entity as it is read now; as declared where the mapping in force fits it no more."""
    try:
        return in_force(registered).registered
    except ConfigError:
        return registered


def mapped() -> dict[str, Registered]:
    """By path, the entities that a mapping in force changes, as they are read now."""
    found: dict[str, Registered] = {}
    for mapping in Mapping.objects.filter(state=Mapping.State.ACTIVE).select_related("entity"):
        path = mapping.entity.path
        try:
            found |= {path: of(registry.find(path), mapping).registered} if path in registry else {}
        except ConfigError:  # it fits its declaration no more: jobs say so, documents show what is declared
            continue
    return found


def numbered(registered: Registered, no: int) -> InForce:
    """An entity under the mapping of this number; as declared where there is none, or it fits no more."""
    mapping = Mapping.objects.filter(entity_id=schema.entity_id(registered.path), no=no).first()
    try:
        return InForce(0, registered) if mapping is None else of(registered, mapping)
    except ConfigError:
        return InForce(0, registered)


def find(mapping_id: int) -> Mapping:
    """A mapping with its entity. Raises NotFound."""
    mapping = Mapping.objects.select_related("entity").filter(pk=mapping_id).first()
    if mapping is None:
        raise NotFound(f"There is no mapping {mapping_id}.")
    return mapping


def hold(entity_id: int) -> int:
    """The number in force, kept so until the transaction ends: no other is switched on meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(query("hold_mapping"), {"entity_id": entity_id})
        # A statement of its own: only this one sees what was switched on while the first one waited.
        cursor.execute(query("number_in_force"), {"entity_id": entity_id})
        found: Any = cursor.fetchone()
    return int(found[0]) if found else 0
