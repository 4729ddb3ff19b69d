"""The part of the checks that looks at numbers: limits of fields, times, rates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal as Exact
from decimal import InvalidOperation
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sync.canonical import canonical
from sync.declare import Cron, Deletes, Entity, Every, System
from sync.errors import RecordError
from sync.fields import Date, Decimal, Field, Integer, Text, Timestamp
from sync.formats import format_problem

Wrong = tuple[str, str, str]
"""Code, what is wrong, what to do."""

FRACTIONS = (0, 3, 6, 9)
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
    """Rates of a system that let nothing through."""
    for name, amount in (("per_second", system.budget.per_second), ("concurrent", system.budget.concurrent)):
        if amount is not None and amount <= 0:
            yield "E014", f"its budget has {name}={amount}", "More than 0, or leave it out for no limit."


def _of_field(field: Field) -> Iterator[tuple[str, str]]:
    if isinstance(field, Text):
        yield from _of_text(field)
    elif isinstance(field, Integer):
        if field.minimum is not None and field.maximum is not None and field.minimum > field.maximum:
            yield f"goes from {field.minimum} to {field.maximum}", "Let the minimum be the smaller one."
    elif isinstance(field, Decimal):
        yield from _of_decimal(field)
    elif isinstance(field, Date | Timestamp):
        yield from _of_moment(field)
    if field.default is not None:
        try:
            canonical(field, field.default)
        except RecordError as error:
            yield f"has a default that cannot be read: {error.message}", "Write it as it is to be stored."
    if field.default is not None and field.allowed and field.default not in field.allowed:
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


def _of_decimal(field: Decimal) -> Iterator[tuple[str, str]]:
    bounds: list[Exact] = []
    for bound in (field.minimum, field.maximum):
        try:
            bounds += [Exact(bound)] if bound is not None else []
        except InvalidOperation:
            yield f"has the bound {bound!r}, which is not a number", "Write it as '0.01'."
    if len(bounds) == 2 and bounds[0] > bounds[1]:
        yield f"goes from {bounds[0]} to {bounds[1]}", "Let the minimum be the smaller one."


def _of_moment(field: Date | Timestamp) -> Iterator[tuple[str, str]]:
    if not field.formats:
        yield "has no formats", "Name at least one, such as '%Y-%m-%d'."
    for form in field.formats:
        if problem := format_problem(form, date=isinstance(field, Date)):
            yield f"has the format {form!r}", f"{problem[0].upper()}{problem[1:]}."
    if isinstance(field, Timestamp):
        if field.fraction not in FRACTIONS:
            yield f"has fraction={field.fraction}", f"One of {', '.join(map(str, FRACTIONS))}."
        try:
            ZoneInfo(field.zone)
        except (ZoneInfoNotFoundError, ValueError):
            yield (
                f"has the unknown time zone {field.zone!r}",
                "Name one as in 'America/Los_Angeles', or 'UTC'.",
            )


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
    if entity.max_parallel < 1:
        yield f"its max_parallel is {entity.max_parallel}", "At least 1."
    if any(tier < 0 for tier in entity.retry.tiers):
        yield f"it waits {entity.retry.tiers} seconds before a retry", "No tier may be below 0."
    match entity.schedule:
        case Every(interval=interval) if interval < timedelta(seconds=1):
            yield f"its schedule is every {interval}", "At least every second: every(minutes=15)."
        case Cron() as cron:
            yield from _of_cron(cron)


def _of_cron(cron: Cron) -> Iterator[tuple[str, str]]:
    from croniter import croniter

    if len(cron.expression.split()) != 5 or not croniter.is_valid(cron.expression):
        yield f"its schedule {cron.expression!r} cannot be read", "Five fields, such as '0 3 * * *'."
    try:
        ZoneInfo(cron.zone)
    except (ZoneInfoNotFoundError, ValueError):
        yield f"its schedule has the unknown time zone {cron.zone!r}", "Name one as in 'Europe/Berlin'."
