"""Local times to UTC: by the zone that the value names, or by the declared one, and never by a guess."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

import polars as pl

from sync.errors import RecordError
from sync.fields import Timestamp
from sync.formats import has_offset, is_utc, names_zone, offset_of
from sync.number import shown
from sync.pipeline.normalize.moments import Unit, moments
from sync.pipeline.normalize.patch import patched

NAMED = r"^(.*?[\s0-9])([A-Za-z][A-Za-z0-9_/+-]*)$"
"""A moment and the name of its zone."""
Trouble = Literal["ambiguous", "nonexistent"]


def in_utc(text: pl.Series, form: str, field: Timestamp, unit: Unit) -> pl.Series:
    """The moments of a column by one format, null where it cannot be read or is no one moment."""
    if names_zone(form):
        return _by_name(text, form, field, unit)
    found = moments(text, form, field.pivot, unit)
    if has_offset(form):
        return found
    if is_utc(form) or field.zone == "UTC":
        return found.dt.replace_time_zone("UTC")
    return _from_local(found, field.zone, field)


def explained(values: pl.Series, field: Timestamp) -> dict[str, RecordError]:
    """Those texts whose format fits, with what is wrong with their zone or their hour in it."""
    errors: dict[str, RecordError] = {}
    for form in field.formats:
        if has_offset(form) or is_utc(form):
            continue
        for value, local, name in _locals(values, form, field):
            if value in errors:
                continue
            zone = field.zone if name is None else zone_of(name, field.zones)
            if zone is None:
                errors[value] = _unknown(value, name or "")
            elif trouble := _trouble(local, zone):
                errors[value] = _troubled(value, zone, trouble)
    return errors


def zone_of(name: str, declared: Mapping[str, str]) -> str | None:
    """The zone, or the offset, that a name stands for; None where that is not certain.

    CST is at least three zones: names without a slash have to be declared.
    """
    return declared.get(name) or _known().get(name.casefold())


@cache
def _known() -> dict[str, str]:
    certain = {name.casefold(): name for name in available_timezones() if "/" in name}
    return certain | dict.fromkeys(("utc", "gmt", "z"), "UTC")


def _by_name(text: pl.Series, form: str, field: Timestamp, unit: Unit) -> pl.Series:
    local, names = _parted(text, form, field, unit)
    found = pl.Series([None], dtype=pl.Datetime(unit, "UTC")).new_from_index(0, len(text))
    for name in names.drop_nulls().unique().to_list():
        zone = zone_of(name, field.zones)
        if zone is not None:
            here = (names == name).fill_null(value=False)
            found = patched(found, here, _from_local(local.filter(here), zone, field))
    return found


def _parted(text: pl.Series, form: str, field: Timestamp, unit: Unit) -> tuple[pl.Series, pl.Series]:
    body = text.str.extract(NAMED, 1).str.strip_chars_end()
    return moments(body, form.removesuffix("%Z").rstrip(), field.pivot, unit), text.str.extract(NAMED, 2)


def _from_local(local: pl.Series, zone: str, field: Timestamp) -> pl.Series:
    offset = offset_of(zone)
    if offset is not None:
        return (local - offset).dt.replace_time_zone("UTC")
    twice = "null" if field.ambiguous == "refuse" else field.ambiguous
    there = pl.col("t").dt.replace_time_zone(zone, ambiguous=twice, non_existent="null")
    found = local.to_frame("t").select(there.dt.convert_time_zone("UTC")).to_series()
    lost = found.is_null() & local.is_not_null()
    if field.nonexistent == "refuse" or not lost.any():
        return found
    return patched(found, lost, _shifted(local.filter(lost), zone))


def _shifted(local: pl.Series, zone: str) -> pl.Series:
    """Hours that never came, as if the clocks had not gone forward yet; null for those that came twice."""
    known = {at: _offset_before(at, zone) for at in _plain(local).unique().drop_nulls().to_list()}
    before = [known.get(at) for at in _plain(local).to_list()]
    return (local - pl.Series(before, dtype=pl.Duration("us"))).dt.replace_time_zone("UTC")


def _plain(local: pl.Series) -> pl.Series:
    """As Python's datetime has them; null beyond its years."""
    at = pl.col("at")
    inside = pl.when(at.dt.year().is_between(1, 9999)).then(at.cast(pl.Datetime("us")))
    return local.to_frame("at").select(inside).to_series()


def _offset_before(at: datetime, zone: str) -> timedelta | None:
    if _trouble(at, zone) != "nonexistent":
        return None
    return at.replace(tzinfo=ZoneInfo(zone), fold=0).utcoffset()


def _trouble(at: datetime, zone: str) -> Trouble | None:
    if offset_of(zone) is not None:
        return None
    first, second = (at.replace(tzinfo=ZoneInfo(zone), fold=fold).utcoffset() for fold in (0, 1))
    if first is None or second is None or first == second:
        return None
    return "nonexistent" if first < second else "ambiguous"


def _locals(values: pl.Series, form: str, field: Timestamp) -> list[tuple[str, datetime, str | None]]:
    names = values.clear(len(values))
    if names_zone(form):
        local, names = _parted(values, form, field, "us")
    else:
        local = moments(values, form, field.pivot)
    found = pl.DataFrame({"value": values, "local": _plain(local), "name": names})
    return found.filter(pl.col("local").is_not_null()).rows()


def _unknown(value: str, name: str) -> RecordError:
    known = "names such as Europe/Berlin, UTC and GMT are; declare others in the field's zones"
    message = f'{shown(value)} names the zone "{name}", which is not known: {known}'
    return RecordError(message, code="unreadable_timestamp")


def _troubled(value: str, zone: str, trouble: Trouble) -> RecordError:
    if trouble == "ambiguous":
        words = f'came twice in {zone}, as the clocks went back: declare ambiguous="earliest" or "latest"'
    else:
        words = (
            f'never came in {zone}, as the clocks went forward: nonexistent="shift" would take it as later'
        )
    return RecordError(f"{shown(value)} {words}", code=f"{trouble}_time")
