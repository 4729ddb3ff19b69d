"""What a declared thing is made of, and a sentence for what is of another kind than it must be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from sync.declare import Backoff, Business, Exponential, Record

Kind = tuple[Callable[[Any], bool], str]
"""Whether a value is of the kind, and the kind in words."""


def is_a(kind: type | tuple[type, ...]) -> Callable[[Any], bool]:
    """Whether a value is of one of these types."""
    return lambda value: isinstance(value, kind)


def tuple_of(kind: type | tuple[type, ...]) -> Callable[[Any], bool]:
    """Whether a value is a tuple of nothing but these types."""
    return lambda value: isinstance(value, tuple) and all(isinstance(item, kind) for item in value)


def optional(kind: Kind) -> Kind:
    """The same, or None."""
    fits, words = kind
    return lambda value: value is None or fits(value), words


TEXT: Kind = (is_a(str), "a text")
WHOLE: Kind = (is_a(int), "a whole number")
LANES: Kind = (
    lambda value: isinstance(value, Record | Business) or tuple_of((Record, Business))(value),
    "a Record() or Business('field') of sync.declare, or a tuple of them",
)
RETRY: Kind = (
    lambda value: (
        (isinstance(value, Backoff) and tuple_of((int, float))(value.tiers))
        or (isinstance(value, Exponential) and isinstance(value.tries, int) and _is_span(value))
    ),
    "Backoff(1, 10, 60) or Exponential(base=1, cap=300, tries=8), in seconds",
)
NAMES: Kind = (tuple_of(str), "a tuple of names, such as ('id',)")
TIME: Kind = (is_a(timedelta), "a time, such as minutes(5)")
SIGNED: Mapping[str, Kind] = {"variable": TEXT, "signs": NAMES, "window": TIME}


def misfits(of: str, declared: object, kinds: Mapping[str, Kind]) -> Iterator[str]:
    """One sentence for each of these attributes that is of another kind."""
    for name, (fits, wanted) in kinds.items():
        value = getattr(declared, name)
        if not fits(value):
            yield sentence(of, name, value, wanted)


def sentence(of: str, name: str, value: object, wanted: str) -> str:
    """What it is, and what it must be."""
    return f"the {name} of {of} is a {type(value).__name__}: it must be {wanted}."


def _is_span(policy: Exponential) -> bool:
    return isinstance(policy.base, int | float) and isinstance(policy.cap, int | float)
