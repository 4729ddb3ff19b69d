"""/api/v1/schedules."""

from __future__ import annotations

import pytest
from django.test import Client

from sync.models import AuditEntry, Schedule
from tests import factories


def test_it_shows_every_schedule(reader: Client) -> None:
    factories.schedule("nightly", every=None, cron="0 3 * * *", zone="Europe/Vienna")

    shown = {one["name"]: one for one in reader.get("/api/v1/schedules").json()["items"]}

    assert shown["nightly"]["cron"] == "0 3 * * *"
    assert shown["nightly"]["entity"] == "shop.gadgets"


def test_one_is_added_read_edited_run_and_deleted(operator: Client) -> None:
    wanted = {"name": "mine", "entity": "shop.gadgets", "every": "6h", "params": {"full": True}}

    made = operator.post("/api/v1/schedules", wanted, content_type="application/json")
    edited = operator.patch(
        "/api/v1/schedules/mine", {"overlap": "wait", "jitter": "90s"}, content_type="application/json"
    )
    job = operator.post("/api/v1/schedules/mine/run", {}, content_type="application/json")
    off = operator.patch("/api/v1/schedules/mine", {"enabled": False}, content_type="application/json").json()
    gone = operator.delete("/api/v1/schedules/mine?reason=tidied")

    assert (made.status_code, made.json()["origin"], len(made.json()["next_runs"])) == (201, "added", 5)
    assert (edited.json()["overlap"], edited.json()["jitter"]) == ("wait", "00:01:30")
    assert (job.status_code, job.json()["params"]) == (202, {"full": True})
    assert (off["next_run_at"], off["next_runs"]) == (None, [])
    assert gone.status_code == 204
    assert AuditEntry.objects.get(act="schedule.delete").reason == "tidied"
    assert operator.get(made["Location"]).status_code == 404


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"cron": "0 0 30 2 *"}, "never_fires"),
        ({"every": "soon"}, "bad_schedule"),
        ({"colour": "red"}, "unknown_field"),
        ({"params": [1]}, "bad_parameter"),
        ({"zone": "U\x00TC"}, "bad_parameter"),
    ],
)
def test_a_bad_edit_is_a_clear_error_and_changes_nothing(
    operator: Client, given: dict[str, object], code: str
) -> None:
    made = factories.schedule()

    answer = operator.patch(f"/api/v1/schedules/{made.pk}", given, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not Schedule.objects.get(pk=made.pk).edited


def test_who_may_only_read_changes_nothing(reader: Client) -> None:
    made = factories.schedule()
    path = f"/api/v1/schedules/{made.pk}"

    answers = [
        reader.post("/api/v1/schedules", {}, content_type="application/json"),
        reader.patch(path, {"enabled": False}, content_type="application/json"),
        reader.delete(path),
        reader.post(f"{path}/run", {}, content_type="application/json"),
        reader.post(f"{path}/reset", {}, content_type="application/json"),
    ]

    assert {answer.status_code for answer in answers} == {403}
