"""The sandbox's Twilio: what it takes, what it lists and when, and how it refuses."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from bridge.sandbox.server import Sandbox
from bridge.systems.notifications.sandbox import CREDENTIALS
from tests.sandboxed import control, delete, switch

ACCOUNT, TOKEN = CREDENTIALS["NOTIFICATIONS_ACCOUNT_SID"], CREDENTIALS["NOTIFICATIONS_AUTH_TOKEN"]
FORM = {"To": "+436601234567", "From": CREDENTIALS["NOTIFICATIONS_FROM"], "Body": "Good morning"}
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages"


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(systems=("notifications",)) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    yield running
    control(running, "POST", "reset")


def ask(sandbox: Sandbox, method: str, path: str, **options: Any) -> requests.Response:
    login = options.pop("auth", (ACCOUNT, TOKEN))
    url = f"{sandbox.url}/notifications{path}"
    return requests.request(method, url, auth=login, timeout=10, **options)


def send(sandbox: Sandbox, **changes: str) -> requests.Response:
    return ask(sandbox, "POST", f"{MESSAGES}.json", data={**FORM, **changes})


def listed(sandbox: Sandbox, **params: Any) -> list[str]:
    answer = ask(sandbox, "GET", f"{MESSAGES}.json", params=params)
    assert answer.status_code == 200, answer.text
    return [message["body"] for message in answer.json()["messages"]]


def test_a_message_is_taken_and_goes_its_way(sandbox: Sandbox) -> None:
    taken = send(sandbox)
    message = taken.json()

    deadline = time.monotonic() + 10
    path = f"{MESSAGES}/{message['sid']}.json"
    while (now := ask(sandbox, "GET", path).json())["status"] != "delivered":
        assert time.monotonic() < deadline
        time.sleep(0.02)

    assert (taken.status_code, message["status"], message["date_sent"]) == (201, "queued", None)
    assert (len(message["sid"]), message["sid"][:2], message["num_segments"]) == (34, "SM", "1")
    assert (message["to"], message["body"], message["error_code"]) == (FORM["To"], "Good morning", None)
    assert "status_callback" not in message
    assert parsedate_to_datetime(now["date_sent"]).tzinfo is not None


def test_the_same_message_again_is_a_second_one(sandbox: Sandbox) -> None:
    sids = {send(sandbox).json()["sid"] for _ in range(2)}

    counts = control(sandbox, "GET", "notifications/effects?event=created&by=to,body").json()["counts"]

    assert len(sids) == 2
    assert counts == {f"{FORM['To']},Good morning": 2}


def test_lists_are_late(sandbox: Sandbox) -> None:
    sid = send(sandbox).json()["sid"]
    switch(sandbox, "notifications", "late", seconds=60)
    missing = listed(sandbox)
    switch(sandbox, "notifications", "late", seconds=0)
    found = listed(sandbox)

    assert (missing, found) == ([], ["Good morning"])
    assert ask(sandbox, "GET", f"{MESSAGES}/{sid}.json").status_code == 200


def test_without_a_mood_lists_are_late_by_a_second(sandbox: Sandbox) -> None:
    sent = time.monotonic()
    send(sandbox)
    while not listed(sandbox):
        assert time.monotonic() - sent < 10
        time.sleep(0.05)

    assert time.monotonic() - sent >= 1


def test_a_list_is_filtered_and_newest_first(sandbox: Sandbox) -> None:
    switch(sandbox, "notifications", "late", seconds=0)
    today = datetime.now(UTC).date()
    for number in range(3):
        send(sandbox, Body=f"no. {number}")
    send(sandbox, To="whatsapp:+436601234567", Body="elsewhere")

    assert listed(sandbox, To=FORM["To"]) == ["no. 2", "no. 1", "no. 0"]
    assert listed(sandbox, To=FORM["To"], From="+4312345678") == []
    assert len(listed(sandbox, **{"DateSent>": str(today - timedelta(days=1))})) == 4
    assert len(listed(sandbox, **{"DateSent>": (datetime.now(UTC) - timedelta(minutes=1)).isoformat()})) == 4
    assert listed(sandbox, **{"DateSent>": str(today + timedelta(days=2))}) == []
    assert listed(sandbox, **{"DateSent<": str(today - timedelta(days=1))}) == []
    assert listed(sandbox, DateSent=f"<={today - timedelta(days=1)}") == []


def test_a_long_list_comes_in_pages(sandbox: Sandbox) -> None:
    switch(sandbox, "notifications", "late", seconds=0)
    for number in range(5):
        send(sandbox, Body=f"no. {number}")
    path, found = f"{MESSAGES}.json?To={FORM['To'].replace('+', '%2B')}&PageSize=2", []
    page = ask(sandbox, "GET", path).json()
    found += page["messages"]
    while page["next_page_uri"]:
        page = requests.get(sandbox.url + page["next_page_uri"], auth=(ACCOUNT, TOKEN), timeout=10).json()
        found += page["messages"]

    assert [message["body"] for message in found] == [f"no. {number}" for number in (4, 3, 2, 1, 0)]
    assert (page["page"], page["start"], page["end"]) == (2, 4, 4)


def test_a_deleted_message_is_gone(sandbox: Sandbox) -> None:
    path = f"{MESSAGES}/{send(sandbox).json()['sid']}.json"

    assert ask(sandbox, "DELETE", path).status_code == 204
    assert ask(sandbox, "GET", path).json()["code"] == 20404
    assert ask(sandbox, "DELETE", path).status_code == 404


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"To": ""}, 21604),
        ({"To": "tomorrow"}, 21211),
        ({"To": "+15005550001"}, 21211),
        ({"To": "+15005550002"}, 21612),
        ({"To": "+15005550004"}, 21610),
        ({"To": "+15005550009"}, 21614),
        ({"From": ""}, 21603),
        ({"From": "us"}, 21212),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"StatusCallback": "nowhere"}, 21609),
    ],
)
def test_it_refuses_in_its_own_words(sandbox: Sandbox, changes: dict[str, str], code: int) -> None:
    answer = send(sandbox, **changes)

    assert (answer.status_code, answer.json()["code"], answer.json()["status"]) == (400, code, 400)
    assert answer.json()["more_info"].endswith(f"/{code}")
    assert control(sandbox, "GET", "notifications/effects").json()["effects"] == []


def test_it_reads_forms_only(sandbox: Sandbox) -> None:
    assert ask(sandbox, "POST", f"{MESSAGES}.json", json=FORM).json()["code"] == 21604


@pytest.mark.parametrize("login", [None, (ACCOUNT, "wrong"), ("AC1", TOKEN)])
def test_a_wrong_login_is_refused(sandbox: Sandbox, login: tuple[str, str] | None) -> None:
    answer = ask(sandbox, "GET", f"{MESSAGES}.json", auth=login)

    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", MESSAGES, 20404),
        ("GET", f"{MESSAGES}/SM0.json", 20404),
        ("GET", f"{MESSAGES}/SM0/Media.json", 20404),
        ("GET", "/2010-04-01/Accounts/AC1/Messages.json", 20404),
        ("PATCH", f"{MESSAGES}.json", 20004),
        ("GET", f"{MESSAGES}.json?PageSize=1001", 20001),
        ("GET", f"{MESSAGES}.json?Page=x", 20001),
        ("GET", f"{MESSAGES}.json?DateSent=yesterday", 20001),
    ],
)
def test_what_it_does_not_know_is_refused(sandbox: Sandbox, method: str, path: str, code: int) -> None:
    assert ask(sandbox, method, path).json()["code"] == code


def test_under_load_it_says_when_to_come_back(sandbox: Sandbox) -> None:
    switch(sandbox, "notifications", "429", times=1)

    answer = send(sandbox)

    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (429, 20429, "1")


def test_a_message_taken_out_by_hand_is_no_effect(sandbox: Sandbox) -> None:
    sid = send(sandbox).json()["sid"]

    delete(sandbox, f"notifications/messages/{sid}")

    effects = control(sandbox, "GET", "notifications/effects").json()["effects"]
    assert [effect["event"] for effect in effects] == ["created"]
