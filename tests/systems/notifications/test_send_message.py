"""A message is sent once to a provider without keys, and looked for in a list that is late."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.sandbox.server import Sandbox
from bridge.systems.notifications import read_back
from bridge.systems.notifications.commands import find, send, send_message
from bridge.systems.notifications.told import told
from bridge.systems.notifications.wording import MessagePayload
from sync.commands import Absent, Intent, Proven
from sync.errors import ConfigError, FatalError, RecordError, TransientError
from sync.ids import uuid7
from tests.sandboxed import CREDENTIALS, change, control, switch

pytestmark = pytest.mark.usefixtures("db")

HELLO = {"to": "+436601234567", "body": "Hello & welcome"}


def intent(payload: Mapping[str, Any] = HELLO, owned: Collection[str] = (), **facts: Any) -> Intent:
    now = datetime.now(UTC)
    facts = {"tries": 1, "first_sent_at": now, "sent_at": now, **facts}
    return Intent(
        id=uuid7(),
        kind="notifications.send_message",
        key="k-1",
        payload=payload,
        client="carol",
        taken=lambda ids: frozenset(set(ids) & set(owned)),
        **facts,
    )


def listed_at_once(sandbox: Sandbox) -> None:
    switch(sandbox, "notifications", "late", entity="messages", seconds=0)


def message(sandbox: Sandbox, proof: Proven) -> dict[str, Any]:
    columns: dict[str, Any] = control(sandbox, "GET", f"notifications/messages/{proof.remote_id}").json()[
        "columns"
    ]
    return columns


def test_it_is_sent_as_a_form(sandbox: Sandbox) -> None:
    proof = send(intent(callback_url="http://127.0.0.1:9/api/v1/callbacks/1"))

    row = message(sandbox, proof)
    assert (row["to"], row["body"]) == ("+436601234567", "Hello & welcome")
    assert (row["from"], row["num_media"]) == (CREDENTIALS["NOTIFICATIONS_FROM"], "0")
    assert row["status_callback"] == "http://127.0.0.1:9/api/v1/callbacks/1"
    assert proof.answer == {"status": "queued"}


def test_whatsapp_goes_from_whatsapp(sandbox: Sandbox) -> None:
    picture = "https://example.com/cat.png"

    row = message(sandbox, send(intent({**HELLO, "to": "whatsapp:+436601234567", "media_url": picture})))

    assert (row["from"], row["num_media"]) == (f"whatsapp:{CREDENTIALS['NOTIFICATIONS_FROM']}", "1")


def test_a_lost_answer_is_found_once_the_list_has_it(sandbox: Sandbox) -> None:
    switch(sandbox, "notifications", "lost", times=1)
    with pytest.raises(TransientError) as caught:
        send(intent())
    switch(sandbox, "notifications", "late", entity="messages", seconds=60)
    early = find(intent())
    listed_at_once(sandbox)
    found = find(intent())

    assert not caught.value.no_effect
    assert early == Absent()
    assert isinstance(found, Proven)
    assert found.remote_id


def test_what_was_not_sent_yet_is_absent(sandbox: Sandbox) -> None:
    listed_at_once(sandbox)
    send(intent())

    assert find(intent(tries=0, first_sent_at=None, sent_at=None)) == Absent()


def test_a_message_of_another_command_is_left_alone(sandbox: Sandbox) -> None:
    listed_at_once(sandbox)
    first, second = send(intent()).remote_id, send(intent()).remote_id
    assert first
    assert second

    assert find(intent(owned=[first, second])) == Absent()
    found = find(intent(owned=[first]))
    assert isinstance(found, Proven)
    assert found.remote_id == second


@pytest.mark.parametrize(
    "other",
    [
        {"body": "Hello"},
        {"to": "+436607654321"},
        {"sender": "+15005550007"},
        {"media_url": "https://example.com/cat.png"},
    ],
)
def test_another_message_is_not_taken_for_it(sandbox: Sandbox, other: dict[str, str]) -> None:
    listed_at_once(sandbox)
    send(intent({**HELLO, **other}))

    assert find(intent()) == Absent()


def test_an_old_message_is_not_taken_for_it(sandbox: Sandbox) -> None:
    listed_at_once(sandbox)
    sid = send(intent()).remote_id
    change(sandbox, f"notifications/messages/{sid}", '{"date_created":"Mon, 05 Jan 2026 10:00:00 +0000"}')

    assert find(intent()) == Absent()


def test_a_long_list_is_read_to_its_end(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    listed_at_once(sandbox)
    sent = send(intent()).remote_id
    for number in range(4):
        send(intent({**HELLO, "body": f"no. {number}"}))
    monkeypatch.setattr(read_back, "PAGE", 2)

    found = find(intent())

    assert isinstance(found, Proven)
    assert found.remote_id == sent


@pytest.mark.parametrize(("mood", "no_effect"), [("429", True), ("500", False), ("denied", False)])
def test_it_says_what_is_known_of_the_effect(sandbox: Sandbox, mood: str, no_effect: bool) -> None:
    switch(sandbox, "notifications", mood, times=1, retry_after=0)

    with pytest.raises(TransientError) as caught:
        send(intent())

    assert caught.value.no_effect is no_effect


def test_a_refusal_comes_with_its_words_and_code(sandbox: Sandbox) -> None:
    with pytest.raises(FatalError, match=r"unsubscribed recipient \+15005550004\. \(21610\)"):
        send(intent({**HELLO, "to": "+15005550004"}))


@pytest.mark.parametrize("name", ["NOTIFICATIONS_ACCOUNT_SID", "NOTIFICATIONS_AUTH_TOKEN"])
def test_a_wrong_login_parks_it(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "wrong")

    with pytest.raises(ConfigError) as caught:
        send(intent())

    assert caught.value.code == "credentials_refused"


def test_without_settings_it_says_which(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFICATIONS_FROM")

    with pytest.raises(ConfigError, match="set NOTIFICATIONS_FROM, or use"):
        send(intent())


def test_a_callback_says_how_far_it_is() -> None:
    sent, failed = (
        told({"MessageSid": "SM1", "MessageStatus": status, "ErrorCode": code, "ChannelPrefix": "whatsapp"})
        for status, code in (("sent", ""), ("undelivered", "63016"))
    )

    assert (sent.id, sent.remote_id, sent.state, sent.code) == ("SM1/sent", "SM1", "proven", None)
    assert (failed.id, failed.code) == ("SM1/undelivered", "63016")
    assert failed.rank > sent.rank


@pytest.mark.parametrize("form", [{}, {"MessageSid": "SM1"}, {"MessageStatus": "sent"}])
def test_a_callback_without_its_fields_is_refused(form: dict[str, str]) -> None:
    with pytest.raises(RecordError) as caught:
        told(form)

    assert caught.value.code == "bad_callback"


@pytest.mark.parametrize(
    ("payload", "wrong"),
    [
        ({}, ["to", "body"]),
        ({**HELLO, "to": "0660 1234567"}, ["to"]),
        ({**HELLO, "body": "x" * 1601}, ["body"]),
        ({**HELLO, "media_url": "cat.png"}, ["media_url"]),
        ({**HELLO, "sender": "us"}, ["sender"]),
    ],
)
def test_a_payload_says_what_is_wrong_with_it(payload: dict[str, Any], wrong: list[str]) -> None:
    checked = MessagePayload(data=payload)

    assert not checked.is_valid()
    assert list(checked.errors) == wrong


def test_the_last_look_is_when_lists_surely_have_it() -> None:
    assert send_message.settles == (5, 30, 120)
