"""How much a backfill may read now: its hours, its rows a day, shared by the windows that are read at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from sync import clock
from sync.backfill.hours import read_hours
from sync.jobs.claim import PutOff
from sync.models import Backfill, BackfillWindow, ScopeLimit
from sync.queries import query

PAGES_A_GRANT = 20
"""Pages that a window may ask for before it looks again: so soon a pause takes effect."""


class Allowance:
    """One window's share, used up page by page; used by the one thread that reads."""

    def __init__(self, window_id: int) -> None:
        self._window_id = window_id
        self._pages = 0
        # What an attempt before this one was granted and did not use, others may have.
        BackfillWindow.objects.filter(pk=window_id).update(granted=0)

    def take(self) -> None:
        """Use one page of it. Raises PutOff where there is nothing to be had now."""
        if not self._pages:
            self._pages = grant(self._window_id)
        self._pages -= 1


def grant(window_id: int) -> int:
    """Pages that the window may ask for now; the rows count as the day's until they are committed.

    Raises PutOff, with the backfill's windows held until it may go on.
    """
    with transaction.atomic():
        # NO KEY: commits of its windows refer to this row and must not wait.
        backfill = Backfill.objects.select_for_update(no_key=True, of=("self",)).get(windows=window_id)
        pages, reason = room(backfill, clock.now())
        if pages:
            pages = min(pages, PAGES_A_GRANT)
            with connection.cursor() as cursor:
                given = {"rows": pages * backfill.page_size, "window": window_id}
                cursor.execute(query("grant_rows"), given)
        else:
            ScopeLimit.objects.filter(scope=backfill.scope).update(paused=True)
    if not pages:
        raise PutOff(reason)
    return pages


def room(backfill: Backfill, now: datetime, taken: int | None = None) -> tuple[int, str]:
    """How many pages may be asked for now, and why none where it is so; `taken` of the day's rows, where known."""
    if backfill.state != Backfill.State.RUNNING:
        return 0, f"The backfill is {backfill.state}."
    hours = read_hours(backfill.hours)
    if hours and not hours.open_at(now):
        return 0, f"It reads in the hours {hours} UTC only."
    if backfill.rows_per_day is None:
        return PAGES_A_GRANT, ""
    left = backfill.rows_per_day - (used(backfill, now) if taken is None else taken)
    if left < backfill.page_size:
        return 0, f"The day's {backfill.rows_per_day:,} rows are read."
    return left // backfill.page_size, ""


def used(backfill: Backfill, now: datetime) -> int:
    """The rows of this UTC day that are read or asked for."""
    given: dict[str, Any] = {"backfill": backfill.pk, "day": now.date()}
    with connection.cursor() as cursor:
        cursor.execute(query("backfill_used"), given)
        row = cursor.fetchone()
    return int(row[0]) if row else 0
