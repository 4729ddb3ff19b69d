"""A backfill takes its share of each day, in its hours, and stops and goes on when somebody says so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db.models.functions import Now

from sync.backfill import acts, planner
from sync.backfill.allowance import grant
from sync.backfill.progress import counts_of, progress_of
from sync.jobs import reaper, verbs
from sync.jobs.take import take
from sync.models import AuditEntry, Batch, Job, Record
from tests.farend import FarEnd
from tests.integration.pipeline.backfilling import (
    OLGA,
    Calendar,
    at_once,
    calendar,
    days,
    have,
    meanwhile,
    run_all,
    start,
    step,
)


@pytest.fixture(autouse=True)
def today(far_end: FarEnd) -> Iterator[Calendar]:
    with calendar() as kept, at_once(3):
        have(far_end, 100)
        yield kept


def test_a_day_takes_no_more_rows_than_allowed(far_end: FarEnd, today: Calendar) -> None:
    backfill = start(rows_per_day=30, workers=1, window="20")

    assert run_all() == ["success", "put_off"]
    for day in (2, 3, 4, 5):
        today.set(day)
        run_all()

    backfill.refresh_from_db()
    assert (backfill.state, days(backfill)) == ("done", {1: 30, 2: 30, 3: 30, 4: 10})
    assert counts_of(backfill)["inserted"] == Record.objects.count() == 100


def test_it_ends_with_the_days_last_row(far_end: FarEnd, today: Calendar) -> None:
    backfill = start(rows_per_day=100, workers=1, window="20")

    run_all()

    backfill.refresh_from_db()
    assert (backfill.state, days(backfill)) == ("done", {1: 100})


def test_windows_at_once_share_the_day(far_end: FarEnd, today: Calendar) -> None:
    backfill = start(rows_per_day=30, workers=2, window="20")

    run_all()
    planner.tick()

    assert days(backfill) == {1: 30}
    assert not Job.objects.filter(kind="backfill", status="pending", hold=None).exists()


def test_a_window_goes_on_in_its_middle_the_next_day(far_end: FarEnd, today: Calendar) -> None:
    start(rows_per_day=30, workers=1, window="100")

    run_all()
    first = Job.objects.get(kind="backfill")
    assert (first.status, first.hold) == ("pending", "paused")
    today.set(2)
    run_all()

    batches = Batch.objects.filter(job=first).order_by("seq")
    assert [(batch.resume["first"], batch.resume["last"]) for batch in batches] == [(1, 3), (4, 6)]
    assert sum(batch.counts["inserted"] for batch in batches) == 60


def test_what_a_dead_worker_asked_for_is_asked_for_again_the_same_day(far_end: FarEnd) -> None:
    backfill = start(rows_per_day=100, workers=1, window="100")
    job = Job.objects.get(kind="backfill")
    assert take(job.pk, job.fence, "test") is not None
    assert grant(backfill.windows.get().pk) == 10

    Job.objects.filter(pk=job.pk).update(lease_until=Now())
    reaper.recover()
    planner.tick()
    run_all()

    backfill.refresh_from_db()
    assert (backfill.state, days(backfill)) == ("done", {1: 100})


def test_it_reads_in_its_hours_only(far_end: FarEnd, today: Calendar) -> None:
    backfill = start(hours="22-6")

    run_all()
    assert Record.objects.count() == 0
    assert progress_of([backfill])[backfill.pk].waits == "It reads in the hours 22-6 UTC only."
    today.set(1, hour=22)
    assert step() == "success"
    today.set(2, hour=6)
    assert step() is None
    today.set(3, hour=5)
    run_all()

    backfill.refresh_from_db()
    assert backfill.state == "done"


def test_hours_that_end_stop_a_window_at_its_next_look(
    far_end: FarEnd, today: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.backfill.allowance.PAGES_A_GRANT", 2)
    start(hours="8-18", window="100")

    meanwhile(far_end, lambda: setattr(today, "moment", today.moment.replace(hour=18)))
    assert step() == "put_off"

    assert Record.objects.count() == 20


def test_a_paused_one_keeps_its_place(far_end: FarEnd) -> None:
    backfill = start(workers=1)
    step()

    acts.pause(backfill.pk, by=OLGA, reason="month end")
    assert run_all() == []
    assert Record.objects.count() == 25
    acts.resume(backfill.pk, by=OLGA)
    run_all()

    backfill.refresh_from_db()
    assert (backfill.state, Record.objects.count()) == ("done", 100)
    entries = AuditEntry.objects.order_by("id").values_list("act", "actor", "reason")
    assert list(entries) == [
        ("backfill.start", "olga", None),
        ("backfill.pause", "olga", "month end"),
        ("backfill.resume", "olga", None),
    ]


def test_a_window_under_way_stops_soon_when_it_is_paused(
    far_end: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.backfill.allowance.PAGES_A_GRANT", 2)
    backfill = start(window="100")

    meanwhile(far_end, lambda: acts.pause(backfill.pk, by=OLGA))
    assert step() == "put_off"

    assert Record.objects.count() == 20


def test_a_cancelled_one_ends_at_once_and_keeps_its_rows(far_end: FarEnd) -> None:
    backfill = start(workers=2)
    step()

    acts.cancel(backfill.pk, by=OLGA, reason="enough")

    assert run_all() == []
    backfill.refresh_from_db()
    assert (backfill.state, Record.objects.count()) == ("cancelled", 25)
    assert set(Job.objects.filter(kind="backfill").values_list("status", flat=True)) == {
        "success",
        "cancelled",
    }


def test_a_window_that_fails_pauses_the_others_until_somebody_resumes(far_end: FarEnd) -> None:
    backfill = start(workers=1)
    far_end.refuse_with = (400, {}, b'{"error": "no such index"}')

    assert step() == "failed"
    planner.tick()

    backfill.refresh_from_db()
    assert backfill.state == "paused"
    assert "Window 1 failed" in backfill.remark
    assert "no such index" in backfill.remark
    far_end.refuse_with = None
    acts.resume(backfill.pk, by=OLGA)
    run_all()
    backfill.refresh_from_db()
    assert (backfill.state, Record.objects.count()) == ("done", 100)


def test_a_window_that_waits_for_a_person_says_so_and_goes_on_when_resumed(far_end: FarEnd) -> None:
    backfill = start(workers=1)
    far_end.refuse_with = (403, {}, b"{}")

    assert step() == "parked"

    assert "1 of its windows wait" in str(progress_of([backfill])[backfill.pk].waits)
    far_end.refuse_with = None
    acts.pause(backfill.pk, by=OLGA)
    acts.resume(backfill.pk, by=OLGA)
    run_all()
    backfill.refresh_from_db()
    assert (backfill.state, Record.objects.count()) == ("done", 100)


def test_a_window_whose_job_somebody_retried_goes_on_with_it(far_end: FarEnd) -> None:
    backfill = start(workers=1)
    far_end.refuse_with = (400, {}, b"{}")
    step()
    planner.tick()
    far_end.refuse_with = None
    job = Job.objects.get(kind="backfill")

    assert verbs.retry(job.pk, by=OLGA).hold == "paused"
    acts.resume(backfill.pk, by=OLGA)
    run_all()

    backfill.refresh_from_db()
    assert (backfill.state, backfill.windows.get(no=1).job_id) == ("done", job.pk)


def test_a_window_whose_job_was_cancelled_is_read_from_its_beginning(far_end: FarEnd) -> None:
    backfill = start(workers=1)
    verbs.cancel(Job.objects.get(kind="backfill").pk, by=OLGA)

    planner.tick()
    acts.resume(backfill.pk, by=OLGA)
    run_all()

    backfill.refresh_from_db()
    assert (backfill.state, Record.objects.count()) == ("done", 100)


def test_progress_tells_rows_share_and_expected_end(far_end: FarEnd, today: Calendar) -> None:
    backfill = start(rows_per_day=30, workers=1, window="20")
    run_all()

    told = progress_of([backfill])[backfill.pk]

    assert (told.rows, told.rows_expected, told.rows_today, told.windows, told.windows_done) == (
        30,
        100,
        30,
        5,
        1,
    )
    assert told.share == 0.3
    assert told.waits == "The day's 30 rows are read."
    assert told.expected_end is not None
    assert told.expected_end.day == 4
