"""Which columns of its source an entity reads, and which of them its rows must have."""

from __future__ import annotations

from sync.fields import Extra
from sync.registry import Registered


def declared(registered: Registered) -> set[str]:
    """The source's columns that the entity's fields read."""
    fields = registered.entity.fields.items()
    return {field.source or name for name, field in fields if not isinstance(field, Extra)}


def needed(registered: Registered) -> set[str]:
    """Those that rows must have: of required fields, of the key and of the cursor."""
    entity = registered.entity
    places = {*entity.key, entity.cursor}
    return {
        field.source or name
        for name, field in entity.fields.items()
        if (field.required or name in places) and not isinstance(field, Extra)
    }
