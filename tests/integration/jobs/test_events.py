"""The job's log: weekly partitions, and words for people."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from django.db import connection
from structlog.testing import capture_logs

from sync import events
from sync.ids import first_uuid7
from sync.jobs.events import make_event_partitions, note
from sync.models import JobEvent
from tests.integration.jobs.conftest import Register, ask


@pytest.mark.django_db
def test_migrate_made_the_coming_weeks() -> None:
    with capture_logs() as said:
        assert make_event_partitions() == []
    assert said == []


@pytest.mark.django_db
def test_a_week_begins_on_monday_at_midnight_utc() -> None:
    made = make_event_partitions(datetime(2040, 1, 4, 15, 0, tzinfo=UTC))

    assert made[0] == "job_event_2040w01"
    assert len(made) == 9
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = 'job_event_2040w01'"
        )
        row = cursor.fetchone()
    monday = first_uuid7(datetime(2040, 1, 2, tzinfo=UTC).timestamp())
    assert row is not None
    assert str(monday) in row[0]


@pytest.mark.django_db
def test_events_that_came_before_their_partition_stay_where_they_are() -> None:
    early = first_uuid7(datetime(2041, 1, 9, tzinfo=UTC).timestamp())
    JobEvent.objects.create(id=early, job_id=early, name="early")

    made = make_event_partitions(datetime(2041, 1, 8, tzinfo=UTC))

    assert "job_event_2041w02" not in made
    assert len(made) == 8
    assert JobEvent.objects.get(pk=early).name == "early"


def test_an_event_knows_its_moment(handle: Register) -> None:
    event = note(ask().pk, "progress", rows=1)

    assert abs(events.moment(event.pk).timestamp() - time.time()) < 60


@pytest.mark.parametrize(
    ("name", "facts", "expected"),
    [
        (
            "retry",
            {"attempt": 1, "code": "far_end_unavailable", "message": "Down.", "seconds": 10},
            "Attempt 1 failed (far_end_unavailable): Down. Tried again in 10 s.",
        ),
        ("retried", {"by": "olga", "reason": "The shop is open."}, "Run again by olga. The shop is open."),
        ("progress", {"rows": 10}, "Under way: rows 10"),
        ("something_new", {"rows": 10}, "Something new: rows 10"),
        ("failed", {}, "Failed (?): ?"),
    ],
)
def test_events_read_as_sentences(name: str, facts: dict[str, object], expected: str) -> None:
    assert events.words(JobEvent(name=name, facts=facts)) == expected
