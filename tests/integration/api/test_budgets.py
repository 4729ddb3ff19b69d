"""/api/v1/budgets."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from sync.models import AuditEntry, Budget
from tests import factories
from tests.integration.api.conftest import Calling

URL = "/api/v1/budgets"


def row(**columns: object) -> Budget:
    """The budget of the NetSuite as its first request wrote it."""
    usual = {"system": "netsuite", "rate": 10.0, "burst": 20.0, "tokens": 3.0, "at": factories.now()}
    return Budget.objects.create(**{**usual, "concurrent": 5, **columns})


def test_it_shows_every_system_also_those_never_asked(reader: Client) -> None:
    body = reader.get(URL).json()

    shown = {one["system"]: one for one in body["items"]}
    assert shown["netsuite"]["limits"] == {"rate": 10.0, "burst": 20.0, "concurrent": 5, "per_day": None}
    assert (shown["netsuite"]["remaining"], shown["netsuite"]["edited"]) == (15, False)
    assert shown["shop"]["limits"] == {"rate": None, "burst": None, "concurrent": None, "per_day": None}
    assert (shown["shop"]["remaining"], shown["shop"]["speed"]) == (None, None)


def test_it_tells_what_is_left_how_fast_it_is_asked_and_until_when_it_is_not(reader: Client) -> None:
    row(tokens=-100.0, factor=0.5, slowed_at=factories.now(), not_before=factories.now() + timedelta(hours=1))

    body = reader.get(f"{URL}/netsuite").json()

    assert (body["remaining"], round(body["speed"])) == (0, 5)
    assert body["paused_until"]


def test_it_estimates_when_the_jobs_that_wait_are_done(reader: Client) -> None:
    done = factories.job("netsuite.customers", kind="sync", status="success")
    factories.attempt(done, requests=30, outcome="success")
    for _ in range(2):
        factories.job("netsuite.customers", kind="sync")
    factories.job("netsuite.customers", kind="refresh")

    backlog = reader.get(f"{URL}/netsuite").json()["backlog"]

    assert (backlog["jobs"], backlog["requests"]) == (3, 61)
    assert backlog["ends_at"]


def test_limits_are_set_for_all_and_audited(operator: Client, reader: Client) -> None:
    change = {"rate": 4, "per_day": 1000, "reason": "their notice"}

    answer = operator.patch(f"{URL}/netsuite", change, content_type="application/json")

    assert answer.status_code == 200, answer.json()
    assert answer.json()["limits"] == {"rate": 4.0, "burst": 8.0, "concurrent": 5, "per_day": 1000}
    assert (answer.json()["edited"], answer.json()["declared"]["rate"]) == (True, 10.0)
    entry = AuditEntry.objects.get(act="budget.edit")
    assert (entry.reason, (entry.before or {})["rate"], (entry.after or {})["rate"]) == (
        "their notice",
        10.0,
        4.0,
    )
    kept = Budget.objects.get(system="netsuite")
    assert (kept.rate, kept.burst, kept.day_quota, kept.edited) == (4, 8, 1000, True)


def test_no_limit_is_null(operator: Client) -> None:
    answer = operator.patch(f"{URL}/netsuite", {"rate": None}, content_type="application/json")

    assert answer.json()["limits"]["rate"] is None
    assert Budget.objects.get(system="netsuite").rate == float("inf")


def test_the_declaration_is_followed_again(operator: Client) -> None:
    operator.patch(f"{URL}/netsuite", {"rate": 4}, content_type="application/json")

    answer = operator.patch(f"{URL}/netsuite", {"declared": True}, content_type="application/json")
    again = operator.patch(f"{URL}/netsuite", {"declared": True}, content_type="application/json")

    assert (answer.json()["limits"]["rate"], answer.json()["edited"]) == (10.0, False)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert AuditEntry.objects.filter(act="budget.follow").count() == 1


def test_a_pause_can_be_ended(operator: Client) -> None:
    row(not_before=factories.now() + timedelta(hours=1))

    answer = operator.patch(f"{URL}/netsuite", {"paused": False}, content_type="application/json")
    again = operator.patch(f"{URL}/netsuite", {"paused": False}, content_type="application/json")

    assert (answer.status_code, answer.json()["paused_until"]) == (200, None)
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({}, "bad_parameter", "Send limits"),
        ({"paused": True}, "bad_parameter", "Send limits"),
        ({"rate": 4, "declared": True}, "bad_parameter", "Send limits"),
        ({"rate": "fast"}, "bad_parameter", "rate must be a number, or null"),
        ({"concurrent": 1.5}, "bad_parameter", "concurrent must be a whole number, or null"),
        ({"rate": 0, "concurrent": -1}, "bad_budget", "rate is 0: it is more than 0"),
        ({"rate": 1e308}, "bad_budget", "rate is 1e+308: it is at most 1,000,000"),
        ({"concurrent": 10**14}, "bad_budget", "it is at most 10,000, or null for no limit"),
        ({"per_day": 10**22}, "bad_budget", "it is at most 1,000,000,000,000, or null"),
        ({"rate": 0, "concurrent": -1}, "bad_budget", "concurrent is -1: it is more than 0"),
        ({"burst": 5}, "bad_budget", "burst is 5, too little for 10 requests a second: at least 6"),
        ({"rate": None, "burst": 5}, "bad_budget", "burst needs a rate"),
        ({"speed": 5}, "unknown_field", "'speed' is not known here"),
    ],
)
def test_limits_that_let_nothing_through_are_refused_with_all_that_is_wrong(
    operator: Client, change: dict[str, object], code: str, words: str
) -> None:
    answer = operator.patch(f"{URL}/netsuite", change, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert words in answer.json()["message"]
    assert not Budget.objects.filter(edited=True).exists()


def test_an_unknown_system_and_a_reader_are_refused(operator: Client, calling: Calling) -> None:
    answer = operator.patch(f"{URL}/netsuit", {"rate": 1}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    refused = calling("read").patch(f"{URL}/netsuite", {"rate": 1}, content_type="application/json")
    assert refused.status_code == 403


def test_the_rest_of_the_budget_is_a_metric_named_after_the_system(db: None, client: Client) -> None:
    row(not_before=factories.now() + timedelta(hours=1))

    text = client.get("/metrics").content.decode()

    assert "\nnetsuite_rate_limit_remaining 0.0" in text
    assert "shop_rate_limit_remaining" not in text


def test_it_tells_what_the_far_end_says_of_its_own_limit(reader: Client) -> None:
    until = factories.now() + timedelta(hours=1)
    row(far_limit=100, far_left=2, far_resets_at=until, far_note="X-RateLimit-Reset: soon")

    body = reader.get(f"{URL}/netsuite").json()

    assert (body["told"]["limit"], body["told"]["left"]) == (100, 2)
    assert (body["told"]["ignored"], body["remaining"]) == ("X-RateLimit-Reset: soon", 2)
    Budget.objects.update(far_resets_at=factories.now() - timedelta(seconds=1))
    assert reader.get(f"{URL}/netsuite").json()["told"] is None
