"""Pausing a queue, an entity or a system: none of its jobs is started, those that run go on. One word for all doors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from sync.audit import Actor
from sync.errors import Conflict, NotFound, UnknownEntity
from sync.jobs import kinds, limit_acts, verbs
from sync.models import AuditEntry, ScopeLimit, Tracker
from sync.registry import Registered, registry

_QUEUE, _SYSTEM, _ENTITY, _REPLAY = "queue:", "system:", "entity:", "replay:"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pause:
    """What is paused, and who paused it; the latter is None where nothing is written of it."""

    scope: str  # queue:sync, entity:netsuite.customers or system:netsuite
    since: datetime | None = None
    by: str | None = None
    reason: str | None = None


def in_force() -> list[Pause]:
    """All that is paused now, by scope; what a backfill pauses is its own affair."""
    scopes = set(ScopeLimit.objects.filter(paused=True).values_list("scope", flat=True))
    trackers = Tracker.objects.filter(state=Tracker.State.PAUSED).select_related("entity")
    scopes |= {f"{_ENTITY}{tracker.entity.path}" for tracker in trackers}
    return [_told(scope) for scope in sorted(scopes) if not scope.startswith("backfill:")]


def pause(what: str, *, by: Actor, reason: str | None = None) -> Pause:
    """Start none of its jobs until it is resumed: `queue:NAME`, `system:NAME`, or an entity by its path or name.

    Raises NotFound, and Conflict where it is paused already.
    """
    found = _named(what)
    with transaction.atomic():
        if isinstance(found, Registered):
            verbs.pause(found, by=by, reason=reason or "")
            return _told(f"{_ENTITY}{found.path}")
        if limit_acts.find(found).paused:
            raise Conflict(f"{found} is paused already.")
        limit_acts.change(found, paused=True, by=by, reason=reason)
        return _told(found)


def resume(what: str, *, by: Actor, reason: str | None = None) -> str:
    """Let its jobs start again; the scope. Raises NotFound, and Conflict where it is not paused."""
    found = _named(what)
    with transaction.atomic():
        if isinstance(found, Registered):
            return _resume_entity(found, by, reason)
        if not limit_acts.find(found).paused:
            raise Conflict(f"{found} is not paused.")
        limit_acts.change(found, paused=False, by=by, reason=reason)
        return found


def _resume_entity(found: Registered, by: Actor, reason: str | None) -> str:
    """An entity is paused as such, or by its limits: afterwards it is by neither."""
    limits = [f"{_ENTITY}{found.path}", f"{_REPLAY}{found.path}"]
    paused = list(ScopeLimit.objects.filter(scope__in=limits, paused=True).values_list("scope", flat=True))
    state = Tracker.objects.values_list("state", flat=True).get(entity__path=found.path)
    if state == Tracker.State.PAUSED:
        verbs.resume(found, by=by, reason=reason or "")
    for scope in paused:
        limit_acts.change(scope, paused=False, by=by, reason=reason)
    if not paused and state != Tracker.State.PAUSED:
        raise Conflict(f"{limits[0]} is not paused.")
    return limits[0]


def _named(what: str) -> Registered | str:
    """The entity, or the scope of a queue or system, that somebody means."""
    if what.startswith(_QUEUE) and what.removeprefix(_QUEUE) not in kinds.QUEUES:
        message = (
            f"There is no queue {what.removeprefix(_QUEUE)[:100]!r}. Known are: {', '.join(kinds.QUEUES)}."
        )
        raise NotFound(message, code="unknown_queue")
    if what.startswith((_QUEUE, _SYSTEM)):
        return what
    try:
        return registry.find(what.removeprefix(_ENTITY).removeprefix(_REPLAY))
    except UnknownEntity as error:
        if not (meant := _scopes_of(what)):
            raise
        raise NotFound(f"{what} is no entity: say {' or '.join(meant)}.", code=error.code) from error


def _scopes_of(name: str) -> list[str]:
    """What a queue or a system of this name is called here."""
    queues = [f"{_QUEUE}{name}"] if name in kinds.QUEUES else []
    return queues + [f"{_SYSTEM}{name}" for system in registry.systems if system.name == name]


def _told(scope: str) -> Pause:
    """A pause with what the audit knows of it."""
    # What was paused before was only changed otherwise: that tells nothing of who paused it.
    entries = AuditEntry.objects.filter(
        object_type="limit", object_id=scope, before__paused=False, after__paused=True
    )
    if scope.startswith(_ENTITY):
        path = scope.removeprefix(_ENTITY)
        entries |= AuditEntry.objects.filter(act="entity.pause", object_type="entity", object_id=path)
    entry = entries.order_by("-id").first()
    if entry is None:
        return Pause(scope=scope)
    return Pause(scope=scope, since=entry.at, by=entry.actor, reason=entry.reason)
