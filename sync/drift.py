"""What is known of the sources' columns: in words, counted, acknowledged."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from sync import audit
from sync.audit import Actor
from sync.errors import Conflict, NotFound
from sync.models import SourceColumn

OPEN = Q(acknowledged_at__isnull=True) & ~Q(state__in=SourceColumn.AS_EXPECTED)
"""Columns that drifted and wait for somebody to look."""
_SEEN = ("types", "sparse", "first_seen", "last_seen")
_TURNED = ("state", "instead", "changed_at", "acknowledged_at", "acknowledged_by")
"""Written only with a new state, so that a run that learns a type does not undo what somebody acknowledged."""


def words(column: SourceColumn) -> str:
    """One sentence about a column."""
    state, name = column.state, repr(column.name)
    if state == SourceColumn.State.NEW:
        return f"{name} is new ({', '.join(column.types) or 'null'}); no field reads it."
    if state == SourceColumn.State.RETYPED:
        return f"{name} has values of another type than before: now {', '.join(column.types)}."
    if state == SourceColumn.State.UNSEEN:
        return f"{name} is read by a field that may be null; no row ever had it."
    if state == SourceColumn.State.MISSING and column.instead:
        return f"{name} is missing, and {column.instead!r} is new: probably it was renamed."
    if state == SourceColumn.State.MISSING:
        return f"{name} is missing." if column.first_seen else f"{name} is declared, and was never there."
    return f"{name} is as it was."


def save(entity_id: int, columns: Sequence[SourceColumn]) -> None:
    """Write columns as a batch saw them; two runs at once leave the later word."""
    for column in columns:
        known = SourceColumn.objects.filter(entity_id=entity_id, name=column.name)
        turned = known.filter(changed_at=column.changed_at).first() is None
        names = (*_SEEN, *_TURNED) if turned else _SEEN
        values = {name: getattr(column, name) for name in names}
        row, _ = SourceColumn.objects.update_or_create(entity_id=entity_id, name=column.name, defaults=values)
        column.pk = row.pk


def acknowledge(column_id: int, *, by: Actor, reason: str | None = None) -> SourceColumn:
    """Somebody has seen it: it is counted no longer and stops no job. Raises NotFound and Conflict."""
    with transaction.atomic():
        column = SourceColumn.objects.select_for_update(of=("self",)).filter(pk=column_id).first()
        if column is None:
            raise NotFound(f"There is no column {column_id}: `bridge drift` lists them.")
        if not column.drifts:
            raise Conflict(f"The column {column.name!r} is not waiting: it is {column.state}.")
        column.acknowledged_at, column.acknowledged_by = timezone.now(), by.name
        column.save(update_fields=["acknowledged_at", "acknowledged_by"])
        facts = {"column": column.name, "state": column.state}
        audit.record("drift.acknowledge", "source_column", str(column.pk), by=by, reason=reason, after=facts)
    return column
