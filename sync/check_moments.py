"""The part of the checks that looks at dates and timestamps: formats, zones, years of two digits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sync.fields import Date, Timestamp
from sync.formats import confused, format_problem, offset_of

FRACTIONS = (0, 3, 6, 9)
PIVOTS = range(1901, 2001)  # so that every year has the leap day that its two digits say


def of_moment(field: Date | Timestamp) -> Iterator[tuple[str, str]]:
    """What is wrong with a field's formats and zones, each with what to do."""
    if not field.formats:
        yield "has no formats", "Name at least one, such as '%Y-%m-%d'."
    for form in field.formats:
        if problem := format_problem(form, date=isinstance(field, Date), pivot=field.pivot):
            yield f"has the format {form!r}", f"{problem[0].upper()}{problem[1:]}."
            return
    if pair := confused(field.formats):
        hint = "Keep one of them: which one a value was written in cannot be told."
        yield f"has the formats {pair[0]!r} and {pair[1]!r}, which read {pair[2]!r} differently", hint
    if field.pivot is not None and field.pivot not in PIVOTS:
        yield f"has pivot={field.pivot}", f"From {PIVOTS[0]} to {PIVOTS[-1]}."
    if isinstance(field, Timestamp):
        yield from _of_zones(field)


def _of_zones(field: Timestamp) -> Iterator[tuple[str, str]]:
    if field.fraction not in FRACTIONS:
        yield f"has fraction={field.fraction}", f"One of {', '.join(map(str, FRACTIONS))}."
    zones = {zone for zone in field.zones.values() if offset_of(zone) is None}
    for zone in (field.zone, *sorted(zones)):
        if not _is_zone(zone):
            hint = "Name one as in 'America/Los_Angeles', or 'UTC'."
            yield f"has the unknown time zone {zone!r}", hint
    for name in field.zones:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_/+-]*", name):
            yield (
                f"has the zone's name {name!r}",
                "Letters, digits and _ / + -, a letter first, such as 'CET'.",
            )


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True
