"""The part of the checks that looks at numbers: limits of fields, times, rates."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal as Exact
from decimal import InvalidOperation
from typing import get_args

from sync.canonical import canonical
from sync.check_budgets import wrong_budget, wrong_rate_headers
from sync.check_moments import of_moment
from sync.declare import Backoff, Cron, Deletes, Entity, Every, Exponential, Retry, System
from sync.errors import RecordError
from sync.fields import (
    Ambiguous,
    Bytes,
    Date,
    Decimal,
    Field,
    Integer,
    Json,
    Nonexistent,
    Rounding,
    Text,
    Timestamp,
)
from sync.outbound.redirects import MOST as MOST_REDIRECTS

Wrong = tuple[str, str, str]
"""Code, what is wrong, what to do."""

WORDS: dict[str, tuple[object, ...]] = {
    "trim": (True, False, "end"),
    "rounding": (None, *get_args(Rounding)),
    "ambiguous": get_args(Ambiguous),
    "nonexistent": get_args(Nonexistent),
    "encoding": ("hex", "base64"),
}
"""What mypy would have refused."""
MOST_DIGITS = 130  # of NUMBER's 38, with room for other databases'
MOST_DAYS = 3_650


def wrong_limits(entity: Entity) -> Iterator[Wrong]:
    """What no value of a field could meet, and times of the entity that make no sense."""
    for name, field in entity.fields.items():
        for message, hint in _of_field(field):
            yield "E013", f"its field {name!r} {message}", hint
    for message, hint in _times(entity):
        yield "E014", message, hint
    for message, hint in _deletes(entity.deletes):
        yield "E015", message, hint


def wrong_times(system: System) -> Iterator[Wrong]:
    """Rates and limits of a system that let nothing through."""
    if system.max_parallel is not None and system.max_parallel < 1:
        yield (
            "E014",
            f"its max_parallel is {system.max_parallel}",
            "At least 1, or leave it out for no limit.",
        )
    if type(system.redirects) is not int or not 0 <= system.redirects <= MOST_REDIRECTS:
        hint = f"How many a read may follow: from 0 to {MOST_REDIRECTS}."
        yield "E014", f"its redirects is {system.redirects}", hint
    yield from wrong_budget(system.budget)
    yield from wrong_rate_headers(system.rate_headers)


def _of_field(field: Field) -> Iterator[tuple[str, str]]:
    for name, words in WORDS.items():
        if hasattr(field, name) and getattr(field, name) not in words:
            yield f"has {name}={getattr(field, name)!r}", f"One of {', '.join(map(repr, words))}."
    if field.nulls and isinstance(field, Json):
        yield "has nulls, but is nested", "Leave them out: JSON has its own null."
    if isinstance(field, Text | Bytes) and field.max_bytes is not None and field.max_bytes < 1:
        yield f"has max_bytes={field.max_bytes}", "At least 1, or leave it out."
    if isinstance(field, Text):
        yield from _of_text(field)
    elif isinstance(field, Integer | Decimal):
        yield from _of_digits(field)
        yield from _of_bounds(field)
    elif isinstance(field, Date | Timestamp):
        yield from of_moment(field)
    yield from _of_default(field)


def _of_default(field: Field) -> Iterator[tuple[str, str]]:
    if field.default is None:
        return
    try:
        if canonical(field, field.default) is None:
            yield f"has the default {field.default!r}, which means none", "Leave it out, or name a value."
    except RecordError as error:
        yield f"has a default that cannot be read: {error.message}", "Write it as it is to be stored."
    if field.allowed and field.default not in field.allowed:
        yield f"has the default {field.default!r}, which is not allowed", "Add it to allowed, or change it."


def _of_text(field: Text) -> Iterator[tuple[str, str]]:
    if field.max_length is not None:
        if field.max_length < 1:
            yield f"has max_length={field.max_length}", "At least 1, or leave it out."
        for value in field.allowed:
            if len(value) > field.max_length:
                yield f"allows {value!r}, longer than max_length", "Raise max_length or drop the value."
    if field.pattern is not None and not _readable(field.pattern):
        hint = "Write it in polars' dialect of regular expressions, which cannot look ahead or back."
        yield f"has the pattern {field.pattern!r}, which cannot be read", hint


def _readable(pattern: str) -> bool:
    # Asked of polars itself, which applies it: Python's dialect knows more.
    import polars as pl

    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.PolarsError:
        return False
    return True


def _of_digits(field: Integer | Decimal) -> Iterator[tuple[str, str]]:
    if field.digits is not None and not 1 <= field.digits <= MOST_DIGITS:
        yield f"has digits={field.digits}", f"From 1 to {MOST_DIGITS}, or leave it out."
    if isinstance(field, Integer):
        return
    if field.places is None and (field.digits is not None or field.rounding is not None):
        yield "has digits or rounding, but no places", "NUMBER(10, 2) is digits=10, places=2."
    if field.places is not None and abs(field.places) > MOST_DIGITS:
        yield f"has places={field.places}", f"From -{MOST_DIGITS} to {MOST_DIGITS}, or leave it out."


def _of_bounds(field: Integer | Decimal) -> Iterator[tuple[str, str]]:
    bounds: list[Exact] = []
    for bound in (field.minimum, field.maximum):
        try:
            bounds += [Exact(bound)] if bound is not None else []
        except InvalidOperation:
            yield f"has the bound {bound!r}, which is not a number", "Write it as '0.01'."
    if len(bounds) == 2 and bounds[0] > bounds[1]:
        yield f"goes from {bounds[0]} to {bounds[1]}", "Let the minimum be the smaller one."


def _deletes(deletes: Deletes | None) -> Iterator[tuple[str, str]]:
    if deletes is None:
        return
    if not 0 <= deletes.share <= 1:
        yield f"deletes a share of {deletes.share} by itself", "From 0 to 1, such as 0.10; None for never."
    if deletes.rows < 0:
        yield f"deletes {deletes.rows} rows by itself", "0 or more; deletes=None for never."
    if not 1 <= deletes.keep_days <= MOST_DAYS:
        yield f"keeps deletes for {deletes.keep_days} days", f"From 1 to {MOST_DAYS}."


def _times(entity: Entity) -> Iterator[tuple[str, str]]:
    if entity.freshness <= timedelta(0):
        yield "its freshness is not above 0", "Say freshness=minutes(15), for example."
    if entity.overlap < timedelta(0):
        yield "its overlap is below 0", "Say overlap=minutes(2), for example."
    if entity.history.versions < 0:
        yield f"its history keeps {entity.history.versions} versions", "0 or more."
    if entity.max_parallel < 1:
        yield f"its max_parallel is {entity.max_parallel}", "At least 1."
    yield from of_retry(entity.retry)
    match entity.schedule:
        case Every(interval=interval) if interval < timedelta(seconds=1):
            yield f"its schedule is every {interval}", "At least every second: every(minutes=15)."
        case Cron() as cron:
            yield from _of_cron(cron)


def of_retry(policy: Retry) -> Iterator[tuple[str, str]]:
    """What is wrong with a retry policy, and what to do about it."""
    match policy:
        case Backoff(tiers=tiers) if not all(0 <= tier < math.inf for tier in tiers):
            yield f"it waits {tiers} seconds before a retry", "No tier may be below 0 or without end."
        case Exponential(base=base, cap=cap) if not (0 <= base <= cap < math.inf):
            yield f"its retries wait from {base} up to {cap} seconds", "0 or more, and cap not below base."
        case Exponential(tries=tries) if tries < 0:
            yield f"it is retried {tries} times", "0 or more; 0 for never."


def _of_cron(cron: Cron) -> Iterator[tuple[str, str]]:
    from sync.jobs.cadence_check import problem_of_cron  # needs the models, which are loaded by now

    if problem := problem_of_cron(cron.expression, cron.zone):
        yield f"its schedule cannot be kept: {problem}", "Such as Cron('0 3 * * *', zone='Europe/Berlin')."
