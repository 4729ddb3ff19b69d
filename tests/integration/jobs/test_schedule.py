"""Schedules: due ones are asked for once, declared ones follow the code, edited ones their editor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sync.declare import Cron, every
from sync.declare import Every as Interval
from sync.errors import InvalidRequest
from sync.jobs import cadence, declared_schedules, schedule
from sync.models import Job, Schedule
from sync.registry import Registry
from tests import shop
from tests.integration.jobs.conftest import entity, run, together

HOUR = timedelta(hours=1)
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_other_schedules(committed: None) -> Iterator[None]:
    Schedule.objects.all().delete()
    yield
    Schedule.objects.all().delete()
    declared_schedules.default_schedules()


def planned(**columns: Any) -> Schedule:
    from sync import schema

    plain: dict[str, Any] = {
        "name": "nightly",
        "kind": "sync",
        "entity_id": schema.entity_id("shop.gadgets"),
        "every": HOUR,
        "next_run_at": NOON,
    }
    return Schedule.objects.create(**{**plain, **columns})


def declare(monkeypatch: pytest.MonkeyPatch, declared: Interval | Cron | None) -> None:
    """The shop's gadgets, and nothing else, with this schedule."""
    known = Registry()
    known.fill([replace(shop.system, entities=(replace(shop.gadgets, schedule=declared),))])
    monkeypatch.setattr(declared_schedules, "registry", known)


def test_a_due_schedule_asks_for_its_job(committed: None) -> None:
    planned(params={"full": True})

    (job,) = schedule.tick(NOON)

    assert (job.kind, job.params, job.priority, job.requested_by) == (
        "sync",
        {"full": True},
        10,
        "schedule:nightly",
    )
    kept = Schedule.objects.get()
    assert (kept.last_run_at, kept.next_run_at) == (NOON, NOON + HOUR)


@pytest.mark.parametrize("columns", [{"enabled": False}, {"next_run_at": NOON + timedelta(seconds=1)}])
def test_what_is_off_or_not_due_asks_for_nothing(columns: dict[str, Any]) -> None:
    planned(**columns)

    assert schedule.tick(NOON) == []


def test_two_ticks_at_once_ask_once(committed: None) -> None:
    planned()

    together(2, lambda _: schedule.tick(NOON))

    assert Job.objects.count() == 1


def test_however_many_slots_were_missed_one_run_makes_up_for_them(committed: None) -> None:
    planned()
    late = NOON + timedelta(hours=5, minutes=10)

    assert len(schedule.tick(late)) == 1
    assert schedule.tick(late) == []
    assert Schedule.objects.get().next_run_at == NOON + timedelta(hours=6)


def test_a_slot_is_skipped_while_the_last_job_is_not_done(committed: None) -> None:
    planned()
    (job,) = schedule.tick(NOON)

    assert schedule.tick(NOON + HOUR) == []
    Job.objects.filter(pk=job.pk).update(status="failed")
    assert len(schedule.tick(NOON + 2 * HOUR)) == 1


def test_a_parked_job_is_tried_again_in_place_of_a_new_one(committed: None) -> None:
    planned()
    (job,) = schedule.tick(NOON)
    Job.objects.filter(pk=job.pk).update(hold="configuration", wakeup=None)

    assert schedule.tick(NOON + HOUR) == []
    job.refresh_from_db()
    assert (job.status, job.hold) == ("pending", None)
    assert job.wakeup


def test_overlap_may_be_allowed(committed: None) -> None:
    planned(overlap="allow")
    schedule.tick(NOON)

    assert len(schedule.tick(NOON + HOUR)) == 1


def test_an_edited_schedule_first_learns_its_next_moment(committed: None) -> None:
    planned(next_run_at=None, edited=True)

    assert schedule.tick(NOON) == []
    assert Schedule.objects.get().next_run_at == NOON + HOUR


def test_a_cadence_that_cannot_be_read_is_switched_off(committed: None) -> None:
    planned(every=None, cron="every now and then")

    assert schedule.tick(NOON) == []
    assert not Schedule.objects.get().enabled


def test_cron_follows_its_zone_through_the_change_of_clocks(committed: None) -> None:
    daily = planned(every=None, cron="0 3 * * *", zone="Europe/Berlin")

    moments = [
        cadence.next_run(daily, datetime(2026, 3, day, 12, 0, tzinfo=UTC)).isoformat() for day in (27, 28)
    ]

    assert moments == ["2026-03-28T02:00:00+00:00", "2026-03-29T01:00:00+00:00"]


def test_a_declared_schedule_first_runs_after_one_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch, every(minutes=15))

    before = datetime.now(UTC)
    declared_schedules.default_schedules()

    made = Schedule.objects.get(name="shop.gadgets")
    assert (made.kind, made.every, made.params, made.edited) == ("sync", timedelta(minutes=15), {}, False)
    assert made.entity is not None
    assert made.entity.path == entity().path
    assert made.next_run_at is not None
    assert made.next_run_at >= before + timedelta(minutes=15)


def test_a_declared_schedule_follows_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch, every(minutes=15))
    declared_schedules.default_schedules()
    declare(monkeypatch, Cron("0 3 * * *", zone="Europe/Berlin", full=True))
    declared_schedules.default_schedules()

    kept = Schedule.objects.get()
    assert (kept.cron, kept.zone, kept.every, kept.params) == (
        "0 3 * * *",
        "Europe/Berlin",
        None,
        {"full": True},
    )
    declare(monkeypatch, None)
    declared_schedules.default_schedules()
    assert not Schedule.objects.exists()


def test_repeating_it_does_not_put_the_next_run_off(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch, every(minutes=15))
    declared_schedules.default_schedules()
    Schedule.objects.update(next_run_at=NOON)

    declared_schedules.default_schedules()

    assert Schedule.objects.get().next_run_at == NOON


def test_an_edited_schedule_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch, every(minutes=15))
    declared_schedules.default_schedules()
    Schedule.objects.update(edited=True, every=HOUR, enabled=False)

    declare(monkeypatch, every(minutes=1))
    declared_schedules.default_schedules()

    kept = Schedule.objects.get()
    assert (kept.every, kept.enabled) == (HOUR, False)


def test_the_job_of_a_schedule_runs_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    from sync.jobs import kinds
    from tests.integration.jobs.conftest import done
    from tests.kinds import done_by

    monkeypatch.setitem(kinds.KINDS, "sync", done_by(done, "sync"))
    planned()
    (job,) = schedule.tick(NOON)

    assert run(job) == "success"


@pytest.mark.parametrize(
    ("missed", "late", "runs"),
    [
        ("one", timedelta(hours=5, minutes=10), 1),
        ("skip", timedelta(hours=5, minutes=10), 0),
        ("skip", timedelta(hours=5, seconds=30), 1),  # its last slot is on time
        ("all", timedelta(hours=5, minutes=10), 6),
        ("all", timedelta(days=400), 24),
    ],
)
def test_missed_slots_are_made_up_for_as_its_policy_says(
    committed: None, missed: str, late: timedelta, runs: int
) -> None:
    planned(missed=missed, overlap="allow")

    jobs = schedule.tick(NOON + late)

    assert len({job.dedup for job in jobs}) == len(jobs) == runs
    kept = Schedule.objects.get()
    assert kept.slot_at is not None
    assert NOON + late < kept.slot_at <= NOON + late + HOUR


def test_a_slot_may_wait_for_the_last_job(committed: None) -> None:
    planned(overlap="wait")
    (first,) = schedule.tick(NOON)

    assert schedule.tick(NOON + HOUR) == schedule.tick(NOON + 3 * HOUR) == []
    assert Schedule.objects.get().owed == [NOON + 3 * HOUR]  # one for both, as `missed` is one
    Job.objects.filter(pk=first.pk).update(status="success")

    (second,) = schedule.tick(NOON + 3 * HOUR + timedelta(seconds=5))
    assert second.dedup == f"schedule:{Schedule.objects.get().pk}:2026-03-01T15:00:00.000000Z"
    assert Schedule.objects.get().owed == []


def test_all_that_were_missed_run_one_after_another_where_they_may_not_overlap(committed: None) -> None:
    planned(missed="all", overlap="wait")
    moment = NOON + 2 * HOUR
    asked = []

    for _ in range(4):
        asked += schedule.tick(moment)
        Job.objects.update(status="success")

    assert len(asked) == 3


def test_jitter_moves_a_run_but_not_the_slots(committed: None) -> None:
    planned(jitter=timedelta(minutes=10), slot_at=NOON)
    shifts = set()

    for hour in range(1, 25):
        schedule.tick(NOON + hour * HOUR - timedelta(seconds=1))
        kept = Schedule.objects.get()
        assert kept.slot_at == NOON + hour * HOUR
        assert kept.next_run_at is not None
        shifts.add(kept.next_run_at - kept.slot_at)

    assert len(shifts) == 24
    assert timedelta(0) <= min(shifts) < max(shifts) < timedelta(minutes=10)


def test_a_slot_runs_once_its_jitter_is_over(committed: None) -> None:
    kept = planned(jitter=timedelta(minutes=10))
    due = cadence.jittered(kept, NOON)
    Schedule.objects.update(slot_at=NOON, next_run_at=due)

    assert schedule.tick(due - timedelta(seconds=1)) == []
    assert len(schedule.tick(due)) == 1


def test_one_bad_row_does_not_stop_those_behind_it(committed: None) -> None:
    planned(name="a", every=None, cron="0 0 30 2 *")
    planned(name="b", kind="no_such_kind")
    planned(name="c", params=[1], missed="?", overlap="??")
    planned(name="d")

    (job,) = schedule.tick(NOON)

    assert job.requested_by == "schedule:d"
    assert not Schedule.objects.get(name="a").enabled
    unserved = Schedule.objects.get(name="b")
    assert (unserved.enabled, unserved.next_run_at) == (True, NOON)  # newer code may know it


@pytest.mark.parametrize("cron", ["0 0 30 2 *", "0 0 31 4,6 *"])
def test_a_cron_that_never_fires_is_told_apart(cron: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        cadence.next_run(Schedule(name="x", cron=cron), NOON)

    assert raised.value.code == "never_fires"


@pytest.mark.parametrize(
    ("cron", "zone", "after", "moments"),
    [
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T20:00", ["29 03:00", "30 02:30"]),
        ("30 1,2 * * *", "America/New_York", "2026-03-08T04:00", ["08 01:30", "08 03:00", "09 01:30"]),
        ("0 0 * * *", "America/Sao_Paulo", "2018-11-03T10:00", ["04 01:00", "05 00:00"]),
        ("0 2 * * *", "Australia/Lord_Howe", "2026-10-03T10:00", ["04 02:30", "05 02:00"]),
        ("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T10:00", ["05 01:45", "06 01:45"]),
        ("0 */2 * * *", "Europe/Berlin", "2026-10-24T23:00", ["25 02:00", "25 02:00", "25 04:00"]),
    ],
)
def test_work_of_an_hour_that_never_comes_is_done_right_after_it(
    cron: str, zone: str, after: str, moments: list[str]
) -> None:
    moment, found = datetime.fromisoformat(after).replace(tzinfo=UTC), []
    for _ in moments:
        moment = cadence.next_run(Schedule(name="x", cron=cron, zone=zone), moment)
        found.append(f"{moment.astimezone(ZoneInfo(zone)):%d %H:%M}")

    assert found == moments


def test_work_at_a_fixed_hour_is_done_once_where_the_hour_comes_twice() -> None:
    def slots(cron: str) -> list[str]:
        moment, found = datetime(2026, 10, 24, 22, 0, tzinfo=UTC), []
        for _ in range(3):
            moment = cadence.next_run(Schedule(name="x", cron=cron, zone="Europe/Berlin"), moment)
            found.append(f"{moment:%d %H:%M}")
        return found

    assert slots("30 2 * * *") == ["25 00:30", "26 01:30", "27 01:30"]
    assert slots("30 * * * *") == ["24 22:30", "24 23:30", "25 00:30"]
