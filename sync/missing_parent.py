"""In words, what parent a child waits for: its own, and the one that this one waits for in the end."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from sync.declare import Parent
from sync.keys import key_hash
from sync.models import PendingChild
from sync.registry import Registered, registry

if TYPE_CHECKING:
    from sync.pipeline.batch import SetAside

Ends = Mapping[uuid.UUID, uuid.UUID]
"""For rows whose parent waits itself the row at the end of the line, whose parent is the one that is missing."""


def children() -> QuerySet[PendingChild]:
    """Waiting rows with their entity and their parent's."""
    return PendingChild.objects.select_related("entity", "parent_entity")


def missing_in_the_end(rows: Sequence[PendingChild], ends: Callable[[], Ends]) -> dict[uuid.UUID, str]:
    """By key the parent at the end of the line, in words, for rows whose own parent waits itself."""
    kin = [row.key_hash for row in rows if row.parent_entity_id == row.entity_id]
    if not kin:
        return {}
    last = {key: ends()[key] for key in kin if key in ends()}
    found = children().filter(entity_id=rows[0].entity_id, key_hash__in=set(last.values()))
    words = {row.key_hash: f"{row.parent_entity.path} {_reference(row)[1]}" for row in found}
    return {key: words[end] for key, end in last.items() if end in words}


def faulted(child: PendingChild, missing: str | None, tries: int) -> SetAside:
    """A child as a failed row, without what the stages made of it: a retry begins with its bytes."""
    from sync.pipeline.batch import Fault, SetAside

    field, key = _reference(child)
    parent = child.parent_entity.path
    message = (
        f"Its parent {parent} {key} did not come in {tries} tries. Sync {parent}, then retry this;"
        " or mend the reference."
        if missing is None
        else f"Its parent {parent} {key} waits itself: {missing} did not come in {tries} tries."
        f" Sync {missing.split()[0]}, then retry both; or mend the reference."
    )
    fault = Fault(stage="resolve", code="parent_missing", field=field, message=message, value=key)
    return SetAside(row=child.row_no, faults=(fault,), key_hash=child.key_hash)


def parent_key(
    owner: Registered, parent: Parent, data: Mapping[str, Any], number: uuid.UUID
) -> dict[str, str] | None:
    """The parent's key as the child's data has it; None where another of its references is meant."""
    key = {theirs: _text(data.get(ours)) for ours, theirs in parent.by.items()}
    return key if key_hash(owner, key) == number else None


def _reference(child: PendingChild) -> tuple[str | None, str]:
    """The field that names the parent, where it is one, and the parent's key in words."""
    path = child.entity.path
    if path in registry:
        registered = registry.find(path)
        for parent in registered.entity.parents:
            owner = registry.parent(registered, parent)
            same = owner.path == child.parent_entity.path
            if same and (key := parent_key(owner, parent, child.data, child.parent_key_hash)):
                field = next(iter(parent.by)) if len(parent.by) == 1 else None
                return field, ",".join(key[name] for name in owner.entity.key)
    return None, str(child.parent_key_hash)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
