"""A mapping's rules, JSON over an entity's declaration: checked with all errors named, and laid over it.

What comes out is an entity like any declared one, so that the stages know nothing of mappings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields as parts_of
from dataclasses import replace
from typing import Any

from sync.checks import faults_of_entity
from sync.declare import Entity
from sync.errors import ConfigError, InvalidRequest
from sync.fields import Computed, Constant, Field, FirstOf, Join
from sync.mapping.steps import step_of
from sync.registry import Registered, registry
from sync.text import storable

Rules = Mapping[str, Any]
_SECTIONS = ("fields", "computed", "drop")
_MOST_ERRORS = 50


def checked(registered: Registered, rules: Any) -> Rules:
    """The rules, if they fit the entity. Raises InvalidRequest (bad_rules) with every error in its message."""
    _, errors = _laid_over(registered, rules)
    if errors:
        raise InvalidRequest("\n".join(errors[:_MOST_ERRORS]), code="bad_rules")
    return dict(rules)


def effective(registered: Registered, rules: Rules, no: int) -> Registered:
    """The entity with the rules laid over it. Raises ConfigError (mapping_unfit) where they fit no more."""
    found, errors = _laid_over(registered, rules)
    if errors:
        said = " ".join(errors[:_MOST_ERRORS])
        message = f"Mapping {no} of {registered.path} does not fit its declaration any more: {said}"
        raise ConfigError(message, code="mapping_unfit")
    return found


def _laid_over(registered: Registered, rules: Any) -> tuple[Registered, list[str]]:
    if not _storable(rules):
        return registered, [
            "Rules hold NUL or half a surrogate pair, which cannot be stored: leave them out."
        ]
    if not isinstance(rules, Mapping):
        return registered, ['Rules are a JSON object such as {"fields": {"name": {"source": "title"}}}.']
    errors = [
        f"{name}: not known; known are {', '.join(_SECTIONS)}." for name in rules if name not in _SECTIONS
    ]
    entity = registered.entity
    fields = _fields(entity, _section(rules, "fields", dict, errors), errors)
    computed = {**entity.computed, **_computed(entity, _section(rules, "computed", dict, errors), errors)}
    dropped = _dropped(entity, computed, _section(rules, "drop", list, errors), errors)
    fields = {name: field for name, field in fields.items() if name not in dropped}
    computed = {name: made for name, made in computed.items() if name not in dropped}
    volatile = tuple(name for name in entity.volatile if name not in dropped)
    found = Registered(
        registered.system, replace(entity, fields=fields, computed=computed, volatile=volatile)
    )
    if not errors:
        errors = faults_of_entity(found, registry) + _broken_rules(found.entity)
    return found, errors


def _storable(value: Any) -> bool:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return all(_storable(name) and _storable(part) for name, part in value.items())
    return all(map(_storable, value)) if isinstance(value, list) else True


def _section(rules: Rules, name: str, kind: type, errors: list[str]) -> Any:
    found = rules.get(name, kind())
    if isinstance(found, kind):
        return found
    errors.append(f"{name}: must be {'an object' if kind is dict else 'a list'}.")
    return kind()


def _fields(entity: Entity, given: Mapping[str, Any], errors: list[str]) -> dict[str, Field]:
    fields = dict(entity.fields)
    for name, changes in given.items():
        where = f"fields.{name}"
        if name not in entity.fields:
            errors.append(f"{where}: not a field of the entity; its fields are {', '.join(entity.fields)}.")
        elif name in entity.key:
            errors.append(f"{where}: part of the key, which a mapping cannot change.")
        elif not isinstance(changes, Mapping):
            errors.append(f"{where}: must be an object.")
        else:
            fields[name] = _field(where, entity.fields[name], changes, errors)
    return fields


def _field(where: str, field: Field, changes: Mapping[str, Any], errors: list[str]) -> Field:
    known = {part.name for part in parts_of(field)} & set(_READERS)
    taken: dict[str, Any] = {}
    for name, value in changes.items():
        if name not in known:
            options = ", ".join(option for option in _READERS if option in known)
            errors.append(f"{where}.{name}: not known of a {field.kind} field; known are {options}.")
            continue
        try:
            taken[name] = _READERS[name](value)
        except ValueError as error:
            errors.append(f"{where}.{name}: {error}.")
    return replace(field, **taken)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value or "\x00" in value:
        raise ValueError("must be a text that is not empty")
    return value


def _text_or_none(value: Any) -> str | None:
    if value is not None and (not isinstance(value, str) or "\x00" in value):
        raise ValueError('must be a text in its stored form, such as "0.5", or null for none')
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _length(value: Any) -> int | None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise ValueError("must be a whole number, or null for none")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError("must be a list of texts")
    return tuple(value)


def _steps(value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise ValueError("must be a list of cleaning steps")
    return tuple(step_of(one) for one in value)


def _trim(value: Any) -> bool | str:
    if isinstance(value, bool):
        return value
    if value != "end":
        raise ValueError('must be true, false or "end"')
    return "end"


def _one_of(*words: str | None) -> Callable[[Any], str | None]:
    def choice(value: Any) -> str | None:
        if (value is not None and not isinstance(value, str)) or value not in words:
            raise ValueError(f"must be {' or '.join('null' if word is None else word for word in words)}")
        return value

    return choice


def _zones(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping) or not all(isinstance(zone, str) for zone in value.values()):
        raise ValueError('must be an object of names and zones such as {"CET": "Europe/Berlin"}')
    return dict(value)


_READERS: dict[str, Callable[[Any], Any]] = {
    "source": _text,
    "nulls": _texts,
    "clean": _steps,
    "default": _text_or_none,
    "required": _truth,
    "allowed": _texts,
    "max_length": _length,
    "max_bytes": _length,
    "trim": _trim,
    "empty_is_null": _truth,
    "pattern": _text_or_none,
    "digits": _length,
    "places": _length,
    "rounding": _one_of("half_up", "half_even", "down", None),
    "decimal_comma": _truth,
    "true": _texts,
    "false": _texts,
    "formats": _texts,
    "pivot": _length,
    "drop_time": _truth,
    "zone": _text,
    "zones": _zones,
    "ambiguous": _one_of("refuse", "earliest", "latest"),
    "nonexistent": _one_of("refuse", "shift"),
}
"""What may be changed of a field; where it takes the place of what is declared."""


def _computed(entity: Entity, given: Mapping[str, Any], errors: list[str]) -> dict[str, Computed]:
    made: dict[str, Computed] = {}
    for name, told in given.items():
        try:
            made[name] = computed_of(told)
        except ValueError as error:
            errors.append(f"computed.{name}: {error}.")
    return made


def computed_of(told: Any) -> Computed:
    """The computed field that JSON names. Raises ValueError in words for the person who wrote it."""
    if isinstance(told, Mapping):
        if set(told) == {"constant"} and isinstance(told["constant"], str):
            return Constant(told["constant"])
        if "join" in told and set(told) <= {"join", "by"}:
            by = told.get("by", " ")
            if isinstance(by, str) and (parts := _texts(told["join"])):
                return Join(*parts, by=by)
        if set(told) == {"first_of"} and isinstance(told["first_of"], list) and told["first_of"]:
            return FirstOf(*(_part(part) for part in told["first_of"]))
    raise ValueError(
        'write {"join": [fields], "by": " "}, {"first_of": [fields or joins]} or {"constant": "text"}'
    )


def _part(told: Any) -> str | Join:
    if isinstance(told, str):
        return told
    made = computed_of(told)
    if not isinstance(made, Join):
        raise ValueError("first_of takes names of fields and joins")
    return made


def _dropped(
    entity: Entity, computed: Mapping[str, Computed], given: list[Any], errors: list[str]
) -> set[str]:
    dropped = {name for name in given if isinstance(name, str)}
    for name in given:
        if name not in [*entity.fields, *computed]:
            errors.append(f"drop: {str(name)[:100]!r} is not a field of the entity.")
        elif name in (*entity.key, entity.cursor, entity.version):
            errors.append(f"drop: {name!r} is the key, the cursor or the version, which stay.")
    return dropped


def _broken_rules(entity: Entity) -> list[str]:
    return [
        f"drop: the rule {code} of the entity reads {name!r}."
        for code, _message, broken in entity.rules
        for name in broken().meta.root_names()
        if name not in entity.fields
    ]
