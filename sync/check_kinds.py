"""Whether a declaration is made of the right kinds of things: asked as it is loaded, before anything reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from sync.declare import Backoff, Budget, Cron, Entity, Every, Parent, Push, Signed, System, Webhook
from sync.fields import Field

Kind = tuple[Callable[[Any], bool], str]
"""Whether a value is of the kind, and the kind in words."""


def _is(kind: type | tuple[type, ...]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kind)


def _tuple_of(kind: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, tuple) and all(isinstance(item, kind) for item in value)


_TEXT: Kind = (_is(str), "a text")
_NAME: Kind = (_is((str, type(None))), "a field's name")
_NAMES: Kind = (_tuple_of(str), "a tuple of names, such as ('id',)")
_TIME: Kind = (_is(timedelta), "a time, such as minutes(5)")
_MAPPING: Kind = (_is(Mapping), "a mapping, such as {'id': …}")

_SYSTEM: Mapping[str, Kind] = {
    "name": _TEXT,
    "label": _TEXT,
    "client": (callable, "a function that makes the client, such as lambda: RestClient(…)"),
    "entities": (_tuple_of(Entity), "a tuple of entities, such as (gadgets,)"),
    "budget": (_is(Budget), "a Budget(…)"),
}
_ENTITY: Mapping[str, Kind] = {
    "name": _TEXT,
    "label": _TEXT,
    "key": _NAMES,
    "fields": _MAPPING,
    "computed": _MAPPING,
    "cursor": _NAME,
    "version": _NAME,
    "volatile": _NAMES,
    "filters": _NAMES,
    "aliases": _NAMES,
    "targets": (_tuple_of(Push), "a tuple of pushes, such as (Push(…),)"),
    "rules": (_is(tuple), "a tuple of rules"),
    "parents": (_tuple_of(Parent), "a tuple of parents, such as (Parent(…),)"),
    "freshness": _TIME,
    "overlap": _TIME,
    "schedule": (_is((Every, Cron, type(None))), "every(minutes=15) or Cron('0 3 * * *')"),
    "retry": (_is(Backoff), "a Backoff(1, 10, 60)"),
    "max_parallel": (_is(int), "a whole number"),
    "page_size": (_is((int, type(None))), "a whole number"),
    "revision": (_is(int), "a whole number"),
    "webhook": (_is((Webhook, type(None))), "a Webhook(…)"),
}

_WEBHOOK: Mapping[str, Kind] = {
    "signed": (_is(Signed), "a Signed(…)"),
    "key": _MAPPING,
    "row": _NAME,
    "at": _NAME,
    "act": _NAME,
    "version": _NAME,
    "events": _NAME,
    "deleted": _NAMES,
    "largest": (_is(int), "a whole number"),
}
_SIGNED: Mapping[str, Kind] = {"variable": _TEXT, "signs": _NAMES, "window": _TIME}

_PUSH: Mapping[str, Kind] = {
    "target": _TEXT,
    "path": _TEXT,
    "fields": _MAPPING,
    "parents": _MAPPING,
    "numbers": _NAMES,
    "batch": (_is(int), "a whole number"),
    "undo": _TIME,
}


def wrong_kind(system: System) -> str | None:
    """What is of another kind than declared, and of which it must be, in one sentence; None where nothing is."""
    return next(_wrong(system), None)


def _wrong(system: System) -> Iterator[str]:
    yield from _misfits(f"the system {system.name!r}", system, _SYSTEM)
    for entity in system.entities:
        path = f"{system.name}.{entity.name}"
        yield from _misfits(path, entity, _ENTITY)
        for name, field in entity.fields.items():
            if not isinstance(field, Field):
                yield _sentence(path, f"field {name!r}", field, "one of sync.fields, such as Text()")
        for parent in entity.parents:
            yield from _misfits(f"a parent of {path}", parent, {"entity": _TEXT, "by": _MAPPING})
        for push in entity.targets:
            yield from _misfits(f"a push of {path}", push, _PUSH)
        if entity.webhook is not None:
            yield from _misfits(f"the webhook of {path}", entity.webhook, _WEBHOOK)
            yield from _misfits(f"the signature of {path}", entity.webhook.signed, _SIGNED)


def _misfits(of: str, declared: object, kinds: Mapping[str, Kind]) -> Iterator[str]:
    for name, (fits, wanted) in kinds.items():
        value = getattr(declared, name)
        if not fits(value):
            yield _sentence(of, name, value, wanted)


def _sentence(of: str, name: str, value: object, wanted: str) -> str:
    return f"the {name} of {of} is a {type(value).__name__}: it must be {wanted}."
