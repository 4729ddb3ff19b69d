"""The schedules page: the one that is edited."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from sync.models import AuditEntry, Schedule
from tests import factories
from tests.integration.admin.pages import page, text


def edit(client: Client, schedule: Schedule, **values: str) -> str:
    form = {"enabled": "on", "every": "00:15:00", "cron": "", "zone": "UTC", "jitter": "00:00:00"}
    form |= {"missed": "one", "overlap": "skip", "params": "{}", **values}
    return text(client.post(page("sync_schedule_change", schedule.pk), form, follow=True))


def test_an_edit_is_kept_marked_recomputed_and_audited(operating: Client) -> None:
    schedule = factories.schedule(next_run_at=None)

    edit(operating, schedule, every="", cron="0 3 * * *", zone="Europe/Berlin", reason="at night")
    assert AuditEntry.objects.get().reason == "at night"

    schedule.refresh_from_db()
    entry = AuditEntry.objects.get(act="schedule.edit")
    assert (schedule.cron, schedule.every, schedule.edited) == ("0 3 * * *", None, True)
    assert schedule.next_run_at is not None
    assert schedule.next_run_at > datetime.now(UTC)
    assert schedule.next_run_at.minute == 0
    assert (entry.actor, entry.door) == ("olga", "admin")
    rest = {"enabled": True, "jitter": 0.0, "missed": "one", "overlap": "skip", "params": {}}
    assert entry.before == {**rest, "every": 900.0, "cron": None, "zone": "UTC"}
    assert entry.after == {**rest, "every": None, "cron": "0 3 * * *", "zone": "Europe/Berlin"}


def test_an_interval_counts_from_now(operating: Client) -> None:
    schedule = factories.schedule()

    edit(operating, schedule, every="01:00:00")

    schedule.refresh_from_db()
    assert schedule.every == timedelta(hours=1)
    assert schedule.next_run_at is not None
    assert timedelta(minutes=59) < schedule.next_run_at - datetime.now(UTC) <= timedelta(hours=1)


def test_lengths_of_time_are_written_as_in_the_shell(operating: Client) -> None:
    schedule = factories.schedule()

    edit(operating, schedule, every="90m", jitter="1m")
    edit(operating, schedule, every="01:30:00", jitter="")

    schedule.refresh_from_db()
    assert (schedule.every, schedule.jitter) == (timedelta(minutes=90), timedelta(0))


def test_it_can_be_switched_off(operating: Client) -> None:
    schedule = factories.schedule()

    edit(operating, schedule, enabled="")

    schedule.refresh_from_db()
    assert not schedule.enabled


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"every": "", "cron": "every day"}, "'every day' is not a cron expression"),
        ({"every": "", "cron": "0 25 * * *"}, "is not a cron expression"),
        ({"every": "", "cron": "0 3 * * *", "zone": "Mars/Base"}, "There is no time zone 'Mars/Base'"),
        ({"cron": "0 3 * * *"}, "Give either a cron expression or an interval."),
        ({"every": ""}, "Give either a cron expression or an interval."),
        ({"every": "soon"}, "write a length of time such as 30s, 15m"),
        ({"jitter": "soon"}, "write a length of time such as 30s, 15m"),
        ({"every": "00:00:00"}, "Give either a cron expression or an interval."),
        ({"every": "-00:15:00"}, "An interval is at least one second."),
    ],
)
def test_a_cadence_that_cannot_be_read_is_an_error_of_the_form(
    operating: Client, values: dict[str, str], words: str
) -> None:
    schedule = factories.schedule()

    assert words in edit(operating, schedule, **values)

    schedule.refresh_from_db()
    assert (schedule.every, schedule.cron, schedule.edited) == (timedelta(minutes=15), None, False)


def test_saving_without_a_change_leaves_it_declared(operating: Client) -> None:
    schedule = factories.schedule()

    edit(operating, schedule)

    schedule.refresh_from_db()
    assert not schedule.edited
    assert not AuditEntry.objects.exists()


def test_it_shows_the_coming_moments(viewing: Client) -> None:
    moment = datetime(2031, 5, 4, 3, 0, tzinfo=UTC)
    schedule = factories.schedule(cron="0 3 * * *", every=None, next_run_at=moment)

    shown = text(viewing.get(page("sync_schedule_change", schedule.pk)))

    assert "2031-05-04 03:00:00 UTC 2031-05-05 03:00:00 UTC" in shown


def test_a_viewer_may_not_edit(viewing: Client) -> None:
    schedule = factories.schedule()

    answer = viewing.post(page("sync_schedule_change", schedule.pk), {"every": "00:01:00", "zone": "UTC"})

    assert answer.status_code == 403


def test_a_cron_that_never_fires_is_an_error_of_the_form(operating: Client) -> None:
    schedule = factories.schedule()

    assert "never fires" in edit(operating, schedule, every="", cron="0 0 30 2 *")


def test_parameters_that_its_kind_does_not_have_are_an_error_of_the_form(operating: Client) -> None:
    schedule = factories.schedule()

    assert "has no parameter 'fulll'" in edit(operating, schedule, params='{"fulll": true}')
    assert "must be an object" in edit(operating, schedule, params="[1]")


NEW = {
    "name": "mine",
    "kind": "sync",
    "entity": "shop.gadgets",
    "every": "6h",
    "missed": "one",
    "overlap": "skip",
}


def test_one_is_previewed_and_added(operating: Client) -> None:
    shown = text(operating.post(page("sync_schedule_add"), {**NEW, "_preview": "1"}))
    assert "Next runs" in shown
    assert not Schedule.objects.filter(name="mine").exists()

    operating.post(page("sync_schedule_add"), {**NEW, "reason": "more often"})

    assert AuditEntry.objects.get().reason == "more often"
    assert Schedule.objects.get(name="mine").every == timedelta(hours=6)
    assert AuditEntry.objects.get().act == "schedule.create"


def test_a_bad_new_one_says_why(operating: Client, viewing: Client) -> None:
    assert "never fires" in text(
        operating.post(page("sync_schedule_add"), {**NEW, "every": "", "cron": "0 0 30 2 *"})
    )
    assert viewing.post(page("sync_schedule_add"), NEW).status_code == 403


@pytest.mark.parametrize(("act", "done"), [("run", "1 asked to run."), ("switch_off", "1 switched off.")])
def test_it_is_run_and_switched_from_the_list(operating: Client, act: str, done: str) -> None:
    schedule = factories.schedule()
    chosen = {"action": f"{act}_many", "_selected_action": [schedule.pk], "_form_submitted": "True"}

    assert done in text(operating.post(page("sync_schedule_changelist"), chosen, follow=True))
