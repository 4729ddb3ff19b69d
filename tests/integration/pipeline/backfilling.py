"""Backfills as tests drive them: their jobs run here, one after the other, on days that the test names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.db import connection

from sync import clock
from sync.audit import Actor
from sync.backfill import acts, planner
from sync.backfill.plan import Asked
from sync.jobs.run import run_job
from sync.models import Backfill, BackfillDay, Job, ScopeLimit
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget

GADGETS = "shop.gadgets"
OLGA = Actor("olga", "admin", "r-1")


class Calendar:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def set(self, day: int, hour: int = 12) -> None:
        """Another day of March."""
        self.moment = datetime(2026, 3, day, hour, tzinfo=UTC)
        planner.tick()


@contextmanager
def calendar() -> Iterator[Calendar]:
    """The clock of backfills, until the test ends."""
    kept = Calendar()
    clock.use(kept)
    yield kept
    clock.use_machine()


@contextmanager
def at_once(number: int) -> Iterator[None]:
    """Let so many jobs of the gadgets run at once."""
    limit = ScopeLimit.objects.filter(scope=f"entity:{GADGETS}")
    limit.update(most=number)
    yield
    limit.update(most=1)


def have(far_end: FarEnd, number: int) -> None:
    """The far end has gadgets 1 to `number`."""
    far_end.set("gadgets", *(gadget(one) for one in range(1, number + 1)))


def start(**asked: object) -> Backfill:
    """A backfill of the gadgets, by key from 1 on below 101 in windows of 25 unless told otherwise."""
    plain: dict[str, object] = {"entity": GADGETS, "by": "key", "low": "1", "high": "101", "window": "25"}
    return acts.start(Asked(**{**plain, **asked}), by=OLGA)  # type: ignore[arg-type]


def step() -> str | None:
    """Run the next of its jobs that is due; how that ended, None where none is."""
    while job := Job.objects.filter(kind="backfill", status="pending", hold=None).order_by("id").first():
        if (outcome := run_job(job.pk, job.fence)) != "stale":  # one that is held meanwhile
            return outcome
    return None


def meanwhile(far_end: FarEnd, act: Callable[[], object], offset: int = 0) -> None:
    """Do it once, while the far end answers for the page at this offset."""

    def on_page(params: dict[str, str]) -> None:
        if params["offset"] == str(offset):
            far_end.on_page = None
            try:
                act()
            finally:
                connection.close()  # the far end answers on a thread of its own

    far_end.on_page = on_page


def run_all() -> list[str]:
    """Run its jobs until none is due; how each ended."""
    outcomes = []
    while outcome := step():
        outcomes.append(outcome)
    return outcomes


def days(backfill: Backfill) -> dict[int, int]:
    """The rows of each day of the month."""
    return {row.day.day: row.rows for row in BackfillDay.objects.filter(backfill=backfill)}
