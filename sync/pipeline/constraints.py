"""The constraints that an entity declares: of each field by its kind, and its own rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal as Exact
from functools import partial

import polars as pl

from sync.canonical import FORMS, LARGEST_EXACT, not_canonical
from sync.declare import Entity, Rule
from sync.errors import ConfigError
from sync.fields import Bytes, Decimal, Field, Integer, Text
from sync.number import shown
from sync.pipeline.constraint import Constraint
from sync.pipeline.normalize.rounding import too_many_places

WIDEST = 1 + len(str(LARGEST_EXACT))  # characters, with a sign


def constraints_of(entity: Entity, *, canonical: bool = False) -> list[Constraint]:
    """All constraints of an entity, field by field in the declared order, then its own rules.

    Of columns known to be `canonical` their form is not asked again.
    """
    constraints = [
        constraint
        for name, field in entity.fields.items()
        for constraint in _of_field(name, field)
        if not (canonical and constraint.code == "wrong_type")
    ]
    return constraints + [_of_rule(entity, rule) for rule in entity.rules]


def _of_field(name: str, field: Field) -> Iterator[Constraint]:
    text = pl.col(name)

    def ask(
        code: str, broken: pl.Expr, message: Callable[[str], str], **more: Callable[[str], bool]
    ) -> Constraint:
        return Constraint(
            code=code,
            broken=broken,
            message=lambda value: f"{name}: {message(value)}",
            field=name,
            reads=frozenset({name}),
            **more,
        )

    if field.required:
        blank = text.is_null() | (text.str.strip_chars().str.len_bytes() == 0)
        yield ask("required", blank, lambda _: "a value is required, none was found")
    if field.kind in FORMS:
        odd = ~text.str.contains(FORMS[field.kind])
        if field.kind in ("date", "timestamp"):
            odd |= text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False).is_null() & text.is_not_null()
        yield ask("wrong_type", odd, partial(not_canonical, field.kind))
    if field.allowed:
        known = ", ".join(field.allowed)
        unknown = ~text.is_in(list(field.allowed))
        yield ask("not_allowed", unknown, lambda value: f"{shown(value)} is not one of {known}")
    if isinstance(field, Text):
        yield from _of_text(text, field, ask)
    if isinstance(field, Text | Bytes) and field.max_bytes is not None:
        yield _of_bytes(text, field, field.max_bytes, ask)
    if isinstance(field, Integer | Decimal):
        yield from _of_digits(text, field, ask)
        yield from _of_number(text, field, ask)


def _of_text(text: pl.Expr, field: Text, ask: Callable[..., Constraint]) -> Iterator[Constraint]:
    most, pattern = field.max_length, field.pattern
    if most is not None:
        yield ask(
            "too_long",
            text.str.len_chars() > most,
            lambda value: f"{len(value):,} characters, at most {most:,} are allowed",
        )
    if pattern is not None:
        odd = ~text.str.contains(f"^(?:{pattern})$")
        yield ask("wrong_pattern", odd, lambda value: f"{shown(value)} does not look like {pattern}")


def _of_bytes(text: pl.Expr, field: Text | Bytes, most: int, ask: Callable[..., Constraint]) -> Constraint:
    each = 2 if isinstance(field, Bytes) else 1  # characters of its text
    return ask(
        "too_long",
        text.str.len_bytes() > most * each,
        lambda value: f"{len(value.encode()) // each:,} bytes, at most {most:,} are allowed",
    )


def _of_digits(
    text: pl.Expr, field: Integer | Decimal, ask: Callable[..., Constraint]
) -> Iterator[Constraint]:
    """What NUMBER(p, s) refuses: more than p - s digits before the point, more than s after it."""
    places = field.places if isinstance(field, Decimal) else 0
    if isinstance(field, Decimal) and places is not None:
        yield ask(
            "too_many_places",
            too_many_places(text, places),
            lambda value: (
                f"{shown(value)} has more than {places} digits after its point"
                if places >= 0
                else f"{shown(value)} is no multiple of {10**-places:,}"
            ),
        )
    if field.digits is not None and places is not None:
        before = field.digits - places
        yield ask(
            "too_many_digits",
            text.str.contains(_longer_than(before)),
            lambda value: f"{shown(value)} does not fit into NUMBER({field.digits}, {places})",
        )


def _longer_than(before: int) -> str:
    """The canonical numbers that are 10 to the power of `before` or more, or that below 0."""
    if before > 0:
        return rf"^-?[0-9]{{{before + 1}}}"
    return rf"^-?(?:[1-9]|0\.0{{0,{-before - 1}}}[1-9])" if before else "^-?[1-9]"


def _of_number(
    text: pl.Expr, field: Integer | Decimal, ask: Callable[..., Constraint]
) -> Iterator[Constraint]:
    low, high = field.minimum, field.maximum
    exact = text.str.contains(FORMS[field.kind])
    rounded = text.cast(pl.Float64, strict=False)  # never on the wrong side of a bound, at most on it
    if low is not None:
        least = Exact(low)
        yield ask(
            "too_small",
            exact & (rounded <= float(least)),
            lambda value: f"{shown(value)} is less than {low}",
            certain=lambda value: Exact(value) < least,
        )
    if high is not None:
        most = Exact(high)
        yield ask(
            "too_large",
            exact & (rounded >= float(most)),
            lambda value: f"{shown(value)} is more than {high}",
            certain=lambda value: Exact(value) > most,
        )
    if isinstance(field, Integer) and not field.wide:
        yield ask(
            "too_large",
            text.str.len_bytes() >= len(str(LARGEST_EXACT)),
            lambda value: f"{shown(value)} is beyond {LARGEST_EXACT}; only a field declared wide keeps it",
            certain=_is_beyond,
        )


def _is_beyond(value: str) -> bool:
    if re.fullmatch("-?[1-9][0-9]*", value) is None:
        return False
    return len(value) > WIDEST or abs(int(value)) > LARGEST_EXACT


def _of_rule(entity: Entity, rule: Rule) -> Constraint:
    code, message, broken = rule
    expression = broken()
    reads = frozenset(expression.meta.root_names())
    if unknown := reads - set(entity.fields):
        raise ConfigError(
            f"Rule {code} of {entity.name} reads {', '.join(sorted(unknown))}, which is not declared."
        )
    return Constraint(code=code, broken=expression, message=lambda _: message, reads=reads)
