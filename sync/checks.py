"""`manage.py check` for declared systems: what is wrong in a declaration, and how to mend it.

E001 a name is not lower case with underscores · E002 key · E003 cursor · E004 version · E005 volatile ·
E006 filters · E007 parents · E008 computed · E009 reserved name · E010 bare name claimed twice ·
E011 name given twice in a system · E012 page size · E013 limits of a field · E014 times and rates ·
E015 deletes · E020 pushes to targets · E021 webhooks · E023 commands · E024 lanes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from sync import metrics
from sync.check_commands import wrong_commands
from sync.check_lanes import wrong_lanes
from sync.check_limits import Wrong, wrong_limits, wrong_times
from sync.check_targets import wrong_pushes
from sync.check_webhooks import wrong_webhook
from sync.declare import Parent, System
from sync.errors import UnknownEntity
from sync.fields import Computed, Constant, FirstOf, Join
from sync.registry import Registered, Registry, registry

RESERVED = frozenset(
    {
        "activities",
        "admin",
        "api",
        "audit",
        "backfills",
        "batches",
        "budgets",
        "by-date",
        "callbacks",
        "changes",
        "commands",
        "data-quality",
        "delete-proposals",
        "deliveries",
        "docs",
        "drift",
        "entities",
        "error-groups",
        "events",
        "failed-records",
        "health",
        "history",
        "jobs",
        "lanes",
        "limits",
        "mappings",
        "metrics",
        "orders",
        "pauses",
        "pending-children",
        "push",
        "reconcile",
        "resync",
        "schedules",
        "schema",
        "sync",
        "trackers",
        "vouchers",
        "webhooks",
        "workers",
    }
)
"""Paths of the API: no system and no bare name may take one."""

PARAMETERS = frozenset({"after", "as_of", "include", "include_deleted", "limit", "updated_since"})
"""Query parameters that a list has itself: no filter may be called so."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CURSOR_KINDS = ("timestamp", "integer", "date", "text")
_VERSION_KINDS = ("timestamp", "integer")


@register
def check_declarations(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Check every declared system."""
    return check(registry)


def check(known: Registry) -> list[CheckMessage]:
    """Everything wrong with the systems of a registry."""
    found: list[CheckMessage] = []
    for system in known.systems:
        wrongs = [
            *_wrong_system(system, known),
            *wrong_times(system),
            *wrong_commands(system, known, RESERVED),
        ]
        found += [_error(system.name, wrong) for wrong in wrongs]
        for entity in system.entities:
            registered = Registered(system, entity)
            found += [_error(registered.path, wrong) for wrong in _wrong_entity(registered, known)]
    for name, paths in known.clashes().items():
        hint = "Let one of them declare owns_name, and give the others other aliases."
        found.append(
            _error(" and ".join(paths), ("E010", f"more than one owns the bare name {name!r}", hint))
        )
    return found


def faults_of_entity(of: Registered, known: Registry) -> list[str]:
    """Everything wrong with one entity, as sentences with what to do."""
    return [f"{message}. {hint}".strip() for _code, message, hint in _wrong_entity(of, known)]


def _wrong_system(system: System, known: Registry) -> Iterator[Wrong]:
    yield from _wrong_name("its name", system.name)
    if system.name in RESERVED | metrics.TAKEN:
        yield "E009", f"the name {system.name!r} is reserved", "Call the system something else."
    names = [name for entity in system.entities for name in (entity.name, *entity.aliases)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield "E011", f"{name!r} names more than one of its entities", "Rename one, or drop the alias."


def _wrong_entity(of: Registered, known: Registry) -> Iterator[Wrong]:
    entity = of.entity
    for name in (entity.name, *entity.aliases):
        yield from _wrong_name("its name", name)
        yield from _wrong_bare_name(of, name, known)
    for name in of.names:
        yield from _wrong_name("the field", name)
    yield from _wrong_key(of)
    yield from _wrong_field(of, "E003", "cursor", entity.cursor, _CURSOR_KINDS)
    yield from _wrong_field(of, "E004", "version", entity.version, _VERSION_KINDS)
    yield from _unknown("E005", "volatile", entity.volatile, of.names)
    yield from _wrong_filters(of)
    for parent in entity.parents:
        yield from _wrong_parent(of, parent, known)
    yield from _wrong_computed(of)
    if entity.page_size is not None and not 1 <= entity.page_size <= settings.MAX_BATCH_SIZE:
        hint = f"From 1 to MAX_BATCH_SIZE, which is {settings.MAX_BATCH_SIZE}."
        yield "E012", f"its page_size is {entity.page_size}", hint
    yield from wrong_limits(entity)
    yield from wrong_lanes(of, known)
    yield from wrong_pushes(of)
    yield from wrong_webhook(of)


def _wrong_name(what: str, name: str) -> Iterator[Wrong]:
    if not _NAME.fullmatch(name):
        hint = "Lower case letters, digits and _, a letter first: it stands in URLs, tables and metrics."
        yield "E001", f"{what} {name!r} cannot be used", hint


def _wrong_bare_name(of: Registered, name: str, known: Registry) -> Iterator[Wrong]:
    systems = {system.name for system in known.systems}
    if name == "history":  # /api/v1/{entity}/{key}/history would be read as a system's entity
        yield "E009", f"the name {name!r} is reserved", "Call it something else."
    elif of.entity.owns_name and name in RESERVED | systems:
        what = "a system's" if name in systems else "one of the API's own"
        yield "E009", f"it cannot own the bare name {name!r}, which is {what}", "Leave owns_name out."


def _wrong_key(of: Registered) -> Iterator[Wrong]:
    entity = of.entity
    if not entity.key:
        yield "E002", "it has no key", f"Name the field that is: key=({next(iter(entity.fields), 'id')!r},)."
    yield from _unknown("E002", "key", entity.key, entity.fields)
    nested = [name for name in entity.key if name in entity.fields and entity.fields[name].kind == "json"]
    if nested:
        yield "E002", f"its key has {nested[0]!r}, which is nested", "A key is made of plain values."


def _wrong_field(
    of: Registered, code: str, role: str, name: str | None, kinds: tuple[str, ...]
) -> Iterator[Wrong]:
    if name is None:
        return
    yield from _unknown(code, role, [name], of.entity.fields)
    field = of.entity.fields.get(name)
    if field is not None and field.kind not in kinds:
        message = f"its {role} {name!r} is of the kind {field.kind}"
        yield code, message, f"Choose a field of the kind {' or '.join(kinds)}."


def _wrong_filters(of: Registered) -> Iterator[Wrong]:
    yield from _unknown("E006", "filters", of.entity.filters, of.names)
    for name in of.entity.filters:
        if name in PARAMETERS:
            yield "E006", f"its filter {name!r} is a parameter of every list", "Give the field another name."
        field = of.entity.fields.get(name)
        if field is not None and field.kind == "json":
            yield "E006", f"its filter {name!r} is nested", "Filter by plain values."


def _wrong_parent(of: Registered, parent: Parent, known: Registry) -> Iterator[Wrong]:
    try:
        above = known.parent(of, parent)
    except UnknownEntity:
        near = _near(parent.entity, [other.path for other in known] + [e.name for e in of.system.entities])
        yield "E007", f"its parent {parent.entity!r} is not declared", near or "Name a declared entity."
        return
    yield from _unknown("E007", f"parent {above.path}", parent.by, of.names)
    if sorted(parent.by.values()) != sorted(above.entity.key):
        whole = ", ".join(repr(name) for name in above.entity.key)
        hint = f"by= must lead to its whole key, each once: {whole}."
        yield "E007", f"its parent {above.path} is named by {sorted(parent.by.values())}", hint


def _wrong_computed(of: Registered) -> Iterator[Wrong]:
    for name, computed in of.entity.computed.items():
        if name in of.entity.fields:
            yield "E008", f"{name!r} is both read and computed", "Give one of them another name."
        yield from _unknown("E008", f"computed {name!r}", _read_by(computed), of.entity.fields)


def _read_by(computed: Computed) -> list[str]:
    if isinstance(computed, Constant):
        return []
    if isinstance(computed, Join):
        return list(computed.parts)
    names: list[str] = []
    for part in computed.parts:
        names += _read_by(part) if isinstance(part, Join | FirstOf) else [part]
    return names


def _unknown(code: str, role: str, names: Iterable[str], known: Iterable[str]) -> Iterator[Wrong]:
    there = list(known)
    for name in names:
        if name not in there:
            hint = _near(name, there) or f"Its fields are {', '.join(there) or 'none'}."
            yield code, f"{name!r} in its {role} is not one of its fields", hint


def _near(name: str, there: list[str]) -> str:
    near = get_close_matches(name, there, n=1)
    return f"Did you mean {near[0]!r}?" if near else ""


def _error(path: str, wrong: Wrong) -> CheckMessage:
    code, message, hint = wrong
    return Error(f"{message}.", hint=hint, obj=path, id=f"sync.{code}")
