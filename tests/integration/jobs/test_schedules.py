"""What people do with schedules: add, edit, switch, run now, delete; each act is audited."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.errors import BridgeError, Conflict
from sync.jobs import schedule_words, schedules
from sync.jobs.schedule_changes import changes_of
from sync.models import AuditEntry, Job, Schedule
from tests import factories
from tests.integration.jobs.conftest import GADGETS, OPERATOR


def add(name: str = "mine", kind: str = "sync", **changes: Any) -> Schedule:
    given = changes_of({"every": "1h", **changes})
    return schedules.create(name, kind=kind, entity=GADGETS, changes=given, by=OPERATOR, reason="why")


def test_one_is_added_with_its_next_moment(db: None) -> None:
    made = add(every=None, cron="0 3 * * *", zone="Europe/Berlin", params={"full": True}, jitter="5m")

    assert made.slot_at is not None
    assert made.next_run_at is not None
    assert datetime.now(UTC) < made.slot_at <= made.next_run_at < made.slot_at + timedelta(minutes=5)
    entry = AuditEntry.objects.get(act="schedule.create")
    assert (entry.actor, entry.reason) == ("olga", "why")
    assert entry.after is not None
    assert (entry.after["cron"], entry.after["jitter"]) == ("0 3 * * *", 300)


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"every": None, "cron": "0 0 30 2 *"}, "never_fires"),
        ({"every": "9999d"}, "never_fires"),
        ({"every": None, "cron": "R 3 * * *"}, "bad_schedule"),
        ({"every": "0.5s"}, "bad_schedule"),
        ({"every": "soon"}, "bad_schedule"),
        ({"every": 10**15}, "bad_schedule"),
        ({"every": "1h", "cron": "0 3 * * *"}, "bad_schedule"),
        ({"jitter": "1h"}, "bad_schedule"),
        ({"every": None, "cron": "0 3,4 * * *", "jitter": "2h"}, "bad_schedule"),
        ({"jitter": -1}, "bad_schedule"),
        ({"missed": "maybe"}, "bad_schedule"),
        ({"overlap": "maybe"}, "bad_schedule"),
        ({"missed": "all", "overlap": "skip"}, "bad_schedule"),
        ({"zone": "Mars/Base"}, "bad_schedule"),
        ({"name": "../x"}, "bad_schedule"),
        ({"name": "12"}, "bad_schedule"),
        ({"name": GADGETS}, "bad_schedule"),
        ({"kind": "wake"}, "not_askable"),
        ({"kind": "push", "params": {"target": "nowhere"}}, "not_pushed"),
        ({"kind": "push"}, "bad_parameter"),
        ({"params": {"fulll": True}}, "unknown_field"),
        ({"params": {"full": "yes"}}, "bad_parameter"),
        ({"params": {"full": True, "since": "2026-01-01"}}, "bad_since"),
        ({"enabled": "yes"}, "bad_parameter"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_name(db: None, wanted: dict[str, Any], code: str) -> None:
    count = Schedule.objects.count()

    with pytest.raises(BridgeError) as raised:
        add(**wanted)

    assert raised.value.code == code
    assert Schedule.objects.count() == count
    assert not AuditEntry.objects.exists()


def test_a_leap_day_comes_round(db: None) -> None:
    made = add(every=None, cron="0 0 29 2 *")

    assert made.slot_at is not None
    assert (made.slot_at.month, made.slot_at.day) == (2, 29)


def test_one_that_older_code_let_be_called_like_an_id_hides_no_other(db: None) -> None:
    first, second = add("first"), add("second")
    Schedule.objects.filter(pk=second.pk).update(name=str(first.pk))

    assert schedule_words.find(str(first.pk)) == first
    assert schedule_words.find("first") == first


def test_two_of_one_name_are_refused(db: None) -> None:
    add()

    with pytest.raises(Conflict, match="already"):
        add()


def test_an_edit_changes_what_is_given_and_counts_from_now(db: None) -> None:
    made = add()

    schedules.edit(made.pk, changes_of({"cron": "0 3 * * *"}), by=OPERATOR)
    edited = schedules.edit(made.pk, changes_of({"overlap": "wait"}), by=OPERATOR)

    assert (edited.cron, edited.every, edited.overlap) == ("0 3 * * *", None, "wait")
    assert edited.slot_at is not None
    assert edited.slot_at.hour == 3
    assert AuditEntry.objects.filter(act="schedule.edit").count() == 2


def test_an_edit_that_changes_nothing_is_none(db: None) -> None:
    made = factories.schedule()

    schedules.edit(made.pk, changes_of({"every": "15m"}), by=OPERATOR)

    assert not Schedule.objects.get(pk=made.pk).edited
    assert not AuditEntry.objects.exists()


def test_switched_on_again_it_makes_up_for_nothing(db: None) -> None:
    made = add()
    schedules.switch(made.pk, on=False, by=OPERATOR)
    Schedule.objects.update(slot_at=factories.now() - timedelta(days=9))

    on = schedules.switch(made.pk, on=True, by=OPERATOR)

    assert on.slot_at is not None
    assert on.slot_at > datetime.now(UTC)
    with pytest.raises(Conflict, match="on already"):
        schedules.switch(made.pk, on=True, by=OPERATOR)


def test_one_that_never_fires_can_be_switched_off(db: None) -> None:
    made = factories.schedule(cron="0 0 30 2 *", every=None)

    assert "never fires" in (schedule_words.trouble(made) or "")
    assert not schedules.switch(made.pk, on=False, by=OPERATOR).enabled


def test_only_what_somebody_added_can_be_deleted(db: None) -> None:
    made, declared = add(), factories.schedule(GADGETS) if not _declared() else _declared()
    assert declared is not None

    schedules.delete(made.pk, by=OPERATOR)

    with pytest.raises(Conflict, match="switch it off instead"):
        schedules.delete(declared.pk, by=OPERATOR)
    assert not Schedule.objects.filter(name="mine").exists()
    assert AuditEntry.objects.filter(act="schedule.delete").count() == 1


def test_an_edited_one_is_reset_to_its_declaration(db: None) -> None:
    declared = _declared()
    if declared is None:  # the declaration says none: it goes
        declared = factories.schedule(GADGETS, edited=True)

    schedules.edit(declared.pk, changes_of({"every": "7h", "jitter": "1m"}), by=OPERATOR)
    schedules.reset(declared.pk, by=OPERATOR)

    kept = _declared()
    assert kept is None or (kept.edited, kept.jitter) == (False, timedelta(0))
    assert AuditEntry.objects.filter(act="schedule.reset").count() == 1


def test_run_now_asks_beside_its_slots(db: None) -> None:
    made = add(params={"full": True})

    job = schedules.run_now(made.pk, by=OPERATOR)

    assert (job.kind, job.params, job.requested_by) == ("sync", {"full": True}, "olga")
    kept = Schedule.objects.get(pk=made.pk)
    assert (kept.last_job, kept.slot_at) == (job.pk, made.slot_at)
    with pytest.raises(Conflict, match="is not done"):
        schedules.run_now(made.pk, by=OPERATOR)
    Job.objects.filter(pk=job.pk).update(status="success")
    assert schedules.run_now(made.pk, by=OPERATOR).pk != job.pk


def _declared() -> Schedule | None:
    return Schedule.objects.filter(name=GADGETS).first()
