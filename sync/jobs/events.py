"""A job's log: names with facts, worded elsewhere; and the weekly partitions that hold it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import DatabaseError, connection, transaction

from sync.ids import first_uuid7
from sync.jobs.brief import brief
from sync.models import JobEvent

log = structlog.get_logger(__name__)

WEEKS_AHEAD = 8


def note(job_id: UUID, name: str, **facts: Any) -> JobEvent:
    """Write one event of a job, in the caller's transaction. Facts that are None are left out."""
    known = {fact: value for fact, value in facts.items() if value is not None}
    return JobEvent.objects.create(job_id=job_id, name=name, facts=known)


def make_event_partitions(today: datetime | None = None) -> list[str]:
    """Make the partitions of this week and the next eight; returns the names of new ones.

    What cannot be made (no right to, or events of that week already lie in the rest) is left to the rest: no
    event is ever refused.
    """
    now = today or datetime.now(UTC)
    monday = datetime(now.year, now.month, now.day, tzinfo=UTC) - timedelta(days=now.weekday())
    weeks = [monday + timedelta(weeks=week) for week in range(WEEKS_AHEAD + 1)]
    return [name for week in weeks if (name := _make(week))]


def _make(week: datetime) -> str | None:
    year, number, _ = week.isocalendar()
    name = f"job_event_{year}w{number:02d}"
    if _exists(name):
        return None
    first = first_uuid7(week.timestamp())
    end = first_uuid7((week + timedelta(weeks=1)).timestamp())
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # It waits for all writers of events: rather not today than a queue of jobs behind it.
            cursor.execute("SET LOCAL lock_timeout = '2s'")
            cursor.execute(
                f"CREATE TABLE {name} PARTITION OF job_event FOR VALUES FROM ('{first}') TO ('{end}')"
            )
    except DatabaseError as error:
        log.warning("event_partition_not_made", partition=name, reason=brief(error))
        return None
    return name


def _exists(name: str) -> bool:
    # Django's introspection leaves partitions out of its table names.
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
        (there,) = cursor.fetchone() or (False,)
    return bool(there)
