"""Jobs that were put off since their system asked for a pause: ending it makes them due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from sync.audit import Actor
from sync.budget import acts
from sync.jobs.enqueue import enqueue
from sync.jobs.settle import redeliver
from sync.models import AuditEntry, Budget, Job

BY = Actor(name="olga", door="admin")
DAY = 86_400.0

pytestmark = pytest.mark.usefixtures("db")


def put_off(system: str, code: str, **changes: object) -> Job:
    job = enqueue("command", requested_by="test", scopes=[f"system:{system}"]).job
    redeliver(job, delay=DAY, error_code=code, **changes)
    return job


def due(job: Job) -> bool:
    """Both by its own row and by its wake-up."""
    job.refresh_from_db()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT scheduled_at <= statement_timestamp() FROM procrastinate_jobs WHERE id = %s", [job.wakeup]
        )
        (woken,) = cursor.fetchone() or (None,)
    own = bool(job.run_after <= datetime.now(UTC))
    assert own == woken
    return own


def test_ending_a_pause_lets_go_on_what_waits_for_its_end() -> None:
    acts.write_missing()
    until = datetime.now(UTC) + timedelta(days=1)
    Budget.objects.filter(system="shop").update(not_before=until)
    mine = [put_off("shop", "rate_limited"), put_off("shop", "far_end_down")]
    others = [
        put_off("netsuite", "rate_limited"),
        put_off("shop", "far_end_error"),
        put_off("shop", "rate_limited", hold="configuration"),
    ]

    acts.resume("shop", by=BY, reason="they said so")

    assert [due(job) for job in mine] == [True, True]
    assert [due(job) for job in others] == [False, False, False]
    assert {job.attempts for job in mine} == {0}
    assert (AuditEntry.objects.get(act="budget.resume").after or {})["jobs_due"] == 2
