"""/api/v1/backfills."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from sync.models import AuditEntry, Backfill
from tests import factories
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget

BACKFILLS = "/api/v1/backfills"
JSON = "application/json"
ASKED: dict[str, Any] = {"entity": "gadgets", "by": "key", "from": 1, "to": 101, "window": 25}


@pytest.fixture(autouse=True)
def far_end() -> Iterator[FarEnd]:
    with FarEnd() as server:
        server.set("gadgets", *(gadget(number) for number in range(1, 101)))
        server.set("notes")
        yield server


def post(client: Client, path: str = "", **data: Any) -> Any:
    return client.post(BACKFILLS + path, data, content_type=JSON)


def test_a_preview_tells_and_starts_nothing(operator: Client) -> None:
    answer = post(operator, **ASKED, rows_per_day=50, preview=True)

    told = answer.json()
    assert answer.status_code == 200
    assert (told["windows"], told["rows_expected"], told["from"], told["to"]) == (4, 100, "1", "101")
    assert told["at_once"] == 1, "the entity's own limit"
    assert told["expected_end"] is not None
    assert not Backfill.objects.exists()


def test_it_starts_one(operator: Client) -> None:
    answer = post(operator, **ASKED, rows_per_day=50, hours="22-6", workers=3, reason="new columns")

    shown = answer.json()
    assert (answer.status_code, answer["Location"]) == (202, f"{BACKFILLS}/{shown['id']}")
    assert (shown["entity"], shown["state"], shown["rows_per_day"], shown["hours"], shown["workers"]) == (
        "shop.gadgets",
        "running",
        50,
        "22-6",
        3,
    )
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.actor, entry.reason) == ("backfill.start", "carol", "new columns")


def test_it_lists_and_shows_how_far_they_are(reader: Client) -> None:
    one = factories.backfill()
    factories.backfill("shop.makers", state="cancelled")

    (listed,) = reader.get(f"{BACKFILLS}?entity=gadgets&state=running").json()["items"]
    shown = reader.get(f"{BACKFILLS}/{one.pk}").json()

    assert listed["progress"] == shown["progress"]
    assert shown["progress"] | {"expected_end": None, "waits": None} == {
        "windows": 4,
        "windows_done": 1,
        "windows_running": 1,
        "windows_failed": 0,
        "rows": 25,
        "rows_expected": 100,
        "rows_today": 25,
        "share": 0.25,
        "waits": None,
        "expected_end": None,
    }
    assert shown["counts"]["inserted"] == 25
    assert [row["rows"] for row in shown["days"]] == [25]
    assert [(row["no"], row["state"]) for row in shown["windows"]] == [(2, "running")]


def test_it_is_paused_resumed_and_cancelled(operator: Client) -> None:
    one = factories.backfill()

    states = [
        post(operator, f"/{one.pk}/{act}", reason="month end").json()["state"]
        for act in ("pause", "resume", "cancel")
    ]

    assert states == ["paused", "running", "cancelled"]
    assert set(AuditEntry.objects.values_list("act", flat=True)) == {
        "backfill.pause",
        "backfill.resume",
        "backfill.cancel",
    }


@pytest.mark.parametrize(
    ("state", "act"),
    [
        ("done", "pause"),
        ("done", "cancel"),
        ("cancelled", "resume"),
        ("paused", "pause"),
        ("running", "resume"),
    ],
)
def test_an_act_that_makes_no_sense_is_a_conflict(operator: Client, state: str, act: str) -> None:
    one = factories.backfill(state=state)

    answer = post(operator, f"/{one.pk}/{act}")

    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"entity": "nothing"}, 404, "unknown_entity"),
        ({"entity": ""}, 400, "bad_parameter"),
        ({"entity": "shop.parts", "by": "cursor", "from": "2026-01-01"}, 400, "no_cursor"),
        ({"entity": "shop.notes"}, 400, "no_windows"),
        ({"from": 101}, 400, "bad_window"),
        ({"from": 200}, 400, "bad_window"),
        ({"from": None}, 400, "bad_window"),
        ({"from": 10**30}, 400, "bad_window"),
        ({"window": 0}, 400, "bad_window"),
        ({"to": 10**9, "window": 1}, 400, "too_many_windows"),
        ({"by": "name"}, 400, "bad_parameter"),
        ({"hours": "25"}, 400, "bad_hours"),
        ({"rows_per_day": 0}, 400, "bad_parameter"),
        ({"rows_per_day": -5}, 400, "bad_parameter"),
        ({"rows_per_day": "many"}, 400, "bad_parameter"),
        ({"workers": 0}, 400, "bad_parameter"),
        ({"workers": 33}, 400, "bad_parameter"),
        ({"workers": True}, 400, "bad_parameter"),
        ({"speed": 1}, 400, "unknown_field"),
    ],
)
@pytest.mark.parametrize("preview", [True, False])
def test_what_makes_no_sense_is_refused(
    operator: Client, asked: dict[str, Any], status: int, code: str, preview: bool
) -> None:
    answer = post(operator, **{**ASKED, **asked}, preview=preview)

    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.json()
    assert not Backfill.objects.exists()


@pytest.mark.parametrize(
    ("asked", "status"),
    [({}, 409), ({"from": 100, "to": 200}, 409), ({"from": 101, "to": 200}, 202)],
)
def test_two_of_the_same_rows_are_a_conflict(operator: Client, asked: dict[str, Any], status: int) -> None:
    factories.backfill(state="paused")

    answer = post(operator, **{**ASKED, **asked})

    assert answer.status_code == status
    if status == 409:
        assert answer.json()["code"] == "backfill_overlaps"


def test_one_by_cursor_may_meet_one_by_key(operator: Client) -> None:
    factories.backfill()

    answer = post(operator, entity="gadgets", by="cursor", **{"from": "2026-01-01", "to": "2026-01-02"})

    assert (answer.status_code, answer.json()["code"]) == (409, "backfill_overlaps")


def test_a_far_end_that_does_not_answer_is_no_reason_to_refuse(operator: Client, far_end: FarEnd) -> None:
    far_end.refuse_with = (500, {}, b"{}")

    told = post(operator, **ASKED, preview=True).json()

    assert told["rows_expected"] is None
    assert "500" in told["rows_unknown"]


def test_one_that_is_not_there_is_404(operator: Client) -> None:
    assert operator.get(f"{BACKFILLS}/{uuid.uuid4()}").status_code == 404
    assert operator.get(f"{BACKFILLS}/x").status_code == 404
    assert post(operator, f"/{uuid.uuid4()}/pause").status_code == 404


def test_a_reader_may_not_start_or_act(reader: Client) -> None:
    one = factories.backfill()

    assert post(reader, **ASKED).status_code == 403
    assert post(reader, f"/{one.pk}/pause").status_code == 403
