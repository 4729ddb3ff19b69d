"""What is asked of a backfill, read and checked; a preview of it is all that happens here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from django.conf import settings

from sync import clock
from sync.backfill.cutting import Bounds, cut
from sync.backfill.hours import expected_end, read_hours
from sync.errors import ConfigError, FatalError, InvalidRequest, TransientError
from sync.models import ScopeLimit
from sync.registry import Registered, registry
from sync.sources import Ask, By, Window, windows_of

MOST_WORKERS = 32
DEFAULT_WORKERS = 2
MOST_ROWS_A_DAY = 10**12


@dataclass(frozen=True, kw_only=True)
class Asked:
    """As people write it; None is the default."""

    entity: str
    by: str | None = None  # key or cursor
    low: str | None = None  # `from`, included
    high: str | None = None  # `to`, not included; by cursor: now
    window: str | None = None  # keys, or a time such as 1d
    rows_per_day: int | str | None = None
    hours: str | None = None
    workers: int | str | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a backfill will be."""

    registered: Registered
    by: By
    step: str
    windows: Bounds
    rows_per_day: int | None
    hours: str | None
    workers: int
    at_once: int  # windows, as the entity's own limit lets them
    page_size: int
    rows: int | None  # that the far end has in the range now
    rows_unknown: str | None  # why that is not known

    @property
    def low(self) -> str:
        """Where it begins."""
        return self.windows[0][0]

    @property
    def high(self) -> str:
        """Where it ends."""
        return self.windows[-1][1]

    def ends(self, now: datetime) -> datetime | None:
        """When it will be done at the earliest, as far as the day's limit tells."""
        if self.rows is None:
            return None
        return expected_end(
            now,
            rows=self.rows,
            per_day=self.rows_per_day,
            used_today=0,
            hours=read_hours(self.hours),
            per_second=None,
        )

    def told(self) -> dict[str, Any]:
        """The preview, as JSON."""
        return {
            "entity": self.registered.path,
            "by": self.by,
            "from": self.low,
            "to": self.high,
            "window": self.step,
            "windows": len(self.windows),
            "rows_per_day": self.rows_per_day,
            "hours": self.hours,
            "workers": self.workers,
            "at_once": self.at_once,
            "rows_expected": self.rows,
            "rows_unknown": self.rows_unknown,
            "expected_end": self.ends(clock.now()),
        }


def plan(asked: Asked) -> Plan:
    """Check what is asked, and ask the far end how many rows it has there.

    Raises UnknownEntity and InvalidRequest (no_cursor, no_windows, bad_window,
    too_many_windows, bad_hours, bad_parameter).
    """
    registered = registry.find(asked.entity)
    by = _by(registered, asked.by)
    hours = read_hours(asked.hours)
    per_day = _whole("rows_per_day", asked.rows_per_day, MOST_ROWS_A_DAY)
    workers = _whole("workers", asked.workers, MOST_WORKERS) or DEFAULT_WORKERS
    windows, step = cut(registered, by, asked.low, asked.high, asked.window)
    rows, unknown = _rows(registered, Window(by=by, low=windows[0][0], high=windows[-1][1]))
    limit = ScopeLimit.objects.filter(scope=f"entity:{registered.path}").first()
    page = min(registered.entity.page_size or settings.DEFAULT_BATCH_SIZE, settings.MAX_BATCH_SIZE)
    return Plan(
        registered=registered,
        by=by,
        step=step,
        windows=windows,
        rows_per_day=per_day,
        hours=str(hours) if hours else None,
        workers=workers,
        at_once=min(workers, limit.most if limit and limit.most else workers),
        page_size=min(page, per_day or page),
        rows=rows,
        rows_unknown=unknown,
    )


def _by(registered: Registered, wanted: str | None) -> By:
    able = windows_of(registered.entity.source)
    by: By
    if wanted in (None, ""):
        by = "cursor" if "cursor" in able and registered.entity.cursor else "key"
    elif wanted in get_args(By):
        by = "key" if wanted == "key" else "cursor"
    else:
        raise InvalidRequest(f"by is {wanted[:50]!r}: write key or cursor.", code="bad_parameter")
    if by == "cursor" and registered.entity.cursor is None:
        message = f"{registered.path} has no cursor: only windows by key are possible."
        raise InvalidRequest(message, code="no_cursor")
    if by not in able:
        others = f" It can by {', '.join(sorted(able))}." if able else " Only a full sync reads all of it."
        message = f"The source of {registered.path} cannot be asked for a window by {by}.{others}"
        raise InvalidRequest(message, code="no_windows")
    return by


def _rows(registered: Registered, window: Window) -> tuple[int | None, str | None]:
    """How many rows the far end has there; else why that is not known, which is no reason to do nothing."""
    ask = Ask(page_size=1, window=window)
    try:
        page = next(iter(registered.system.client().pages(registered.entity.source, ask)), None)
    except (TransientError, FatalError, ConfigError) as error:  # a shell may lack what the workers are given
        return None, error.message
    if page is None or page.total is None:
        return None, "The far end does not tell how many rows it has."
    return page.total, None


def _whole(name: str, value: int | str | None, most: int) -> int | None:
    if value is None or value == "":
        return None
    text = "" if isinstance(value, bool) else str(value).strip()
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else 0
    if not 1 <= number <= most:
        raise InvalidRequest(
            f"{name} is {str(value)[:50]!r}: write a whole number from 1 to {most:,}.", code="bad_parameter"
        )
    return number
