"""How far backfills are, what they wait for, and when they are expected to end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from sync import clock
from sync.backfill.allowance import room
from sync.backfill.hours import expected_end, read_hours
from sync.models import Backfill, BackfillDay
from sync.queries import query


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The figures of one backfill."""

    windows: int = 0
    windows_done: int = 0
    windows_running: int = 0
    windows_failed: int = 0
    rows: int = 0  # committed
    rows_expected: int | None = None  # told by the far end, else estimated from the windows that are done
    rows_today: int = 0  # of this UTC day
    share: float = 0.0  # 0 to 1, by windows
    waits: str | None = None  # why nothing is asked for now
    expected_end: datetime | None = None

    def plain(self) -> dict[str, Any]:
        """As a dict."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Standing:
    windows: int
    done: int
    running: int
    failed: int
    rows: int
    rows_done: int
    granted: int  # asked for, not committed yet
    parked: int  # windows whose job waits for a person
    per_second: float | None  # of one window


def progress_of(backfills: Sequence[Backfill], now: datetime | None = None) -> dict[UUID, Progress]:
    """The figures of each, in two queries for all."""
    moment = now or clock.now()
    standings = _standings([backfill.pk for backfill in backfills])
    days = BackfillDay.objects.filter(backfill__in=[backfill.pk for backfill in backfills], day=moment.date())
    today = dict(days.values_list("backfill_id", "rows"))
    return {
        backfill.pk: _progress(backfill, standings[backfill.pk], today.get(backfill.pk, 0), moment)
        for backfill in backfills
    }


def counts_of(backfill: Backfill) -> dict[str, int]:
    """What became of the rows of its finished windows."""
    with connection.cursor() as cursor:
        cursor.execute(query("backfill_counts"), {"backfill": backfill.pk})
        return {name: int(number) for name, number in cursor.fetchall()}


def _standings(ids: list[UUID]) -> dict[UUID, _Standing]:
    with connection.cursor() as cursor:
        cursor.execute(query("backfill_standing"), {"backfills": ids})
        found = {row[0]: _standing(row) for row in cursor.fetchall()}
    return {number: found.get(number, _Standing(0, 0, 0, 0, 0, 0, 0, 0, None)) for number in ids}


def _standing(row: tuple[Any, ...]) -> _Standing:
    windows, done, running, failed, rows, rows_done, granted, parked = (int(number) for number in row[1:9])
    return _Standing(windows, done, running, failed, rows, rows_done, granted, parked, row[9])


def _progress(backfill: Backfill, standing: _Standing, today: int, now: datetime) -> Progress:
    expected = backfill.rows_expected
    if standing.done:
        estimate = round(standing.rows_done * standing.windows / standing.done)
        expected = estimate if expected is None else expected
    active = backfill.state in (Backfill.State.RUNNING, Backfill.State.PAUSED)
    running = backfill.state == Backfill.State.RUNNING
    end = None
    if running and expected is not None:
        end = _end(backfill, standing, max(expected - standing.rows, 0), today, now)
    return Progress(
        windows=standing.windows,
        windows_done=standing.done,
        windows_running=standing.running,
        windows_failed=standing.failed,
        rows=standing.rows,
        rows_expected=expected if active else standing.rows,
        rows_today=today,
        share=_share(standing, expected),
        waits=_waits(backfill, standing, today, now) if running else None,
        expected_end=end,
    )


def _waits(backfill: Backfill, standing: _Standing, today: int, now: datetime) -> str | None:
    if standing.parked:
        return (
            f"{standing.parked} of its windows wait until somebody changes the configuration: see their jobs."
        )
    return room(backfill, now, today + standing.granted)[1] or None


def _share(standing: _Standing, expected: int | None) -> float:
    if standing.windows == standing.done:
        return 1.0 if standing.windows else 0.0
    by_windows = standing.done / standing.windows
    by_rows = min(standing.rows / expected, 0.99) if expected else 0.0
    return round(max(by_windows, by_rows), 4)


def _end(backfill: Backfill, standing: _Standing, rows: int, today: int, now: datetime) -> datetime | None:
    speed = standing.per_second
    return expected_end(
        now,
        rows=rows,
        per_day=backfill.rows_per_day,
        used_today=today,
        hours=read_hours(backfill.hours),
        per_second=float(speed) * backfill.workers if speed else None,
    )
