"""The cleaning steps that a mapping may name: from JSON to functions over a column of text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sync.fields import Clean, blank_to_null, collapse, lookup, lower, pad, replace, trim, upper

PLAIN: dict[str, Clean] = {
    "lower": lower,
    "upper": upper,
    "collapse": collapse,
    "blank_to_null": blank_to_null,
    "trim": trim,
}
"""Steps that need nothing but their name."""

WIDEST = 1_000  # characters that `pad` may fill up to


def step_of(given: Any) -> Clean:
    """The step that JSON names. Raises ValueError in words for the person who wrote it."""
    if isinstance(given, str) and given in PLAIN:
        return PLAIN[given]
    if isinstance(given, Mapping) and len(given) == 1:
        ((name, options),) = given.items()
        if name in _MADE:
            if not isinstance(options, Mapping):
                raise ValueError(f"{name} takes an object of options")
            return _MADE[name](options)
    known = ", ".join((*PLAIN, *(f'{{"{name}": {{…}}}}' for name in _MADE)))
    raise ValueError(f"{str(given)[:100]!r} is not a cleaning step; known are {known}")


def _pad(options: Mapping[str, Any]) -> Clean:
    _only(options, "pad", required={"width"}, optional={"side", "char"})
    side, width, char = options.get("side", "left"), options["width"], options.get("char", " ")
    if side not in ("left", "right"):
        raise ValueError(f"pad: side is {side!r}: left or right")
    if not isinstance(width, int) or isinstance(width, bool) or not 1 <= width <= WIDEST:
        raise ValueError(f"pad: width is {width!r}: a whole number from 1 to {WIDEST}")
    if not isinstance(char, str) or len(char) != 1:
        raise ValueError(f"pad: char is {char!r}: one character")
    return pad(width, side=side, char=char)


def _replace(options: Mapping[str, Any]) -> Clean:
    _only(options, "replace", required={"pattern", "with"}, optional=set())
    pattern, by = options["pattern"], options["with"]
    if not isinstance(pattern, str) or not isinstance(by, str):
        raise ValueError("replace: pattern and with are texts")
    # Asked of polars itself, which applies it: Python's dialect knows more.
    import polars as pl

    try:
        pl.Series(["", "a"]).str.replace_all(pattern, by)
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"replace: the pattern {pattern!r} cannot be read: {error}") from error
    return replace(pattern, by)


def _lookup(options: Mapping[str, Any]) -> Clean:
    _only(options, "lookup", required={"values"}, optional={"otherwise"})
    values, otherwise = options["values"], options.get("otherwise", "keep")
    if not isinstance(values, Mapping) or not values:
        raise ValueError("lookup: values is an object of theirs: ours")
    odd = [theirs for theirs, ours in values.items() if not isinstance(ours, str | None)]
    if odd:
        raise ValueError(f"lookup: {odd[0]!r} must lead to a text or null")
    if otherwise not in ("keep", "null"):
        raise ValueError(f"lookup: otherwise is {otherwise!r}: keep or null")
    return lookup(values, otherwise=otherwise)


def _only(options: Mapping[str, Any], step: str, *, required: set[str], optional: set[str]) -> None:
    if missing := sorted(required - set(options)):
        raise ValueError(f"{step}: {missing[0]} is missing")
    if unknown := sorted(set(options) - required - optional):
        known = ", ".join(sorted(required | optional))
        raise ValueError(f"{step}: {unknown[0]!r} is not known; known are {known}")


_MADE: dict[str, Callable[[Mapping[str, Any]], Clean]] = {
    "pad": _pad,
    "replace": _replace,
    "lookup": _lookup,
}
