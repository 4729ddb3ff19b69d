"""What every worker process does beside its jobs: recovery, lost wake-ups, schedules.

A thread of its own rather than jobs in a queue: it must go on when all slots are busy with slow work. Several
processes do it at once without harm, since each job and schedule is settled under its row's lock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog
from django.db import Error, close_old_connections, connection

from sync import deletes, grouping, inbound, orphans, retries
from sync.backfill import planner
from sync.jobs import frozen, parked, reaper, schedule
from sync.jobs.brief import brief
from sync.targets import asking

log = structlog.get_logger(__name__)

EVERY = 5.0
"""Seconds between two rounds."""
SWEEP_EACH = 3
"""Rounds from sweep to sweep: it looks at all jobs that wait, recovery only at those that are lost."""
SELDOM_EACH = 60
"""Rounds, some five minutes, between two looks at what waits for days, or for a parent."""


NIGHTLY_EACH = 120
"""Rounds from look to look whether tonight's job was asked for."""


def _ask_nightly() -> None:
    from sync.history.retention import ask_nightly

    ask_nightly()


class Housekeeping(threading.Thread):
    """Runs until it is stopped, whatever a round ran into."""

    def __init__(self) -> None:
        super().__init__(name="housekeeping", daemon=True)
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopped.set()

    def run(self) -> None:
        """Do round after round."""
        rounds = 0
        while not self._stopped.is_set():
            duties: list[Callable[[], object]] = [
                frozen.end_frozen,
                reaper.recover,
                schedule.tick,
                planner.tick,
                retries.ask_due,
            ]
            if rounds == 0:
                duties.append(parked.release_all)
            if rounds % SWEEP_EACH == 0:
                duties += [reaper.sweep, grouping.sweep, asking.sweep]
            if rounds % SELDOM_EACH == 0:
                duties += [orphans.sweep, deletes.expire, inbound.forget, parked.look_again]
            if rounds % NIGHTLY_EACH == 0:
                duties.append(_ask_nightly)
            for duty in duties:
                if not self.do(duty):
                    break
            rounds += 1
            self._stopped.wait(EVERY)

    def do(self, duty: Callable[[], object]) -> bool:
        """Do one of them; whether the database was there, so that the others may try."""
        if self._stopped.is_set():
            return False
        close_old_connections()
        try:
            _limit_waits()
            duty()
        except Error as error:
            log.warning("housekeeping_failed", duty=_name(duty), reason=brief(error))
            return connection.connection is not None
        except Exception:  # a fault in one duty must not end the others: nobody else does them
            log.exception("housekeeping_failed", duty=_name(duty))
        return True


def _name(duty: Callable[[], object]) -> str:
    """With its module: several are called tick, or sweep."""
    return f"{duty.__module__.removeprefix('sync.')}.{duty.__name__}"


def _limit_waits() -> None:
    """One duty that hangs must not end the others: what takes so long is given up, and tried again next time."""
    if connection.connection is None:
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '120s'; SET lock_timeout = '10s'")
