"""Whether a declaration is made of the right kinds of things: asked as it is loaded, before anything reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sync.check_kinds_of_commands import wrong_kinds_of_commands
from sync.commands import Command
from sync.declare import Budget, Cron, Entity, Every, Parent, Push, Signed, System, Webhook
from sync.fields import Field
from sync.misfits import (
    LANES,
    NAMES,
    RETRY,
    SIGNED,
    TEXT,
    TIME,
    WHOLE,
    Kind,
    is_a,
    misfits,
    sentence,
    tuple_of,
)

_NAME: Kind = (is_a((str, type(None))), "a field's name")
_MAPPING: Kind = (is_a(Mapping), "a mapping, such as {'id': …}")

_SYSTEM: Mapping[str, Kind] = {
    "name": TEXT,
    "label": TEXT,
    "client": (callable, "a function that makes the client, such as lambda: RestClient(…)"),
    "entities": (tuple_of(Entity), "a tuple of entities, such as (gadgets,)"),
    "budget": (is_a(Budget), "a Budget(…)"),
    "commands": (tuple_of(Command), "a tuple of commands, such as (Command(…),)"),
    "private": (is_a(bool), "True or False"),
}
_ENTITY: Mapping[str, Kind] = {
    "name": TEXT,
    "label": TEXT,
    "key": NAMES,
    "fields": _MAPPING,
    "computed": _MAPPING,
    "cursor": _NAME,
    "version": _NAME,
    "volatile": NAMES,
    "filters": NAMES,
    "aliases": NAMES,
    "targets": (tuple_of(Push), "a tuple of pushes, such as (Push(…),)"),
    "rules": (is_a(tuple), "a tuple of rules"),
    "parents": (tuple_of(Parent), "a tuple of parents, such as (Parent(…),)"),
    "freshness": TIME,
    "overlap": TIME,
    "schedule": (is_a((Every, Cron, type(None))), "every(minutes=15) or Cron('0 3 * * *')"),
    "retry": RETRY,
    "lane": LANES,
    "max_parallel": WHOLE,
    "page_size": (is_a((int, type(None))), "a whole number"),
    "revision": WHOLE,
    "webhook": (is_a((Webhook, type(None))), "a Webhook(…)"),
}

_WEBHOOK: Mapping[str, Kind] = {
    "signed": (is_a(Signed), "a Signed(…)"),
    "key": _MAPPING,
    "row": _NAME,
    "at": _NAME,
    "act": _NAME,
    "version": _NAME,
    "events": _NAME,
    "deleted": NAMES,
    "largest": WHOLE,
}

_PUSH: Mapping[str, Kind] = {
    "target": TEXT,
    "path": TEXT,
    "fields": _MAPPING,
    "parents": _MAPPING,
    "numbers": NAMES,
    "batch": WHOLE,
    "undo": TIME,
}


def wrong_kind(system: System) -> str | None:
    """What is of another kind than declared, and of which it must be, in one sentence; None where nothing is."""
    return next(_wrong(system), None) or next(wrong_kinds_of_commands(system), None)


def _wrong(system: System) -> Iterator[str]:
    yield from misfits(f"the system {system.name!r}", system, _SYSTEM)
    for entity in system.entities:
        path = f"{system.name}.{entity.name}"
        yield from misfits(path, entity, _ENTITY)
        for name, field in entity.fields.items():
            if not isinstance(field, Field):
                yield sentence(path, f"field {name!r}", field, "one of sync.fields, such as Text()")
        for parent in entity.parents:
            yield from misfits(f"a parent of {path}", parent, {"entity": TEXT, "by": _MAPPING})
        for push in entity.targets:
            yield from misfits(f"a push of {path}", push, _PUSH)
        if entity.webhook is not None:
            yield from misfits(f"the webhook of {path}", entity.webhook, _WEBHOOK)
            yield from misfits(f"the signature of {path}", entity.webhook.signed, SIGNED)
