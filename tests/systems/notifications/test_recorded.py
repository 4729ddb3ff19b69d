"""The provider's answers as they were recorded, played by the kit that outside systems are tested with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from sync.testing import FarEnd, ask, faults_of, find, send
from tests.sandboxed import CREDENTIALS

SENT = Path(__file__).parent / "answers" / "sent.json"
MESSAGES = "/2010-04-01/Accounts/*/Messages.json"
SEND = "notifications.send_message"
HELLO = {"to": "+436601234567", "body": "Hello & welcome"}
RECORDED = datetime(2026, 11, 21, 22, 8, tzinfo=UTC)
SID = "SM97336fd1bda44153aaa23f0b5f42cb19"


@pytest.fixture(autouse=True)
def far_end(monkeypatch: pytest.MonkeyPatch) -> Iterator[FarEnd]:
    monkeypatch.delenv("NOTIFICATIONS_URL", raising=False)  # the provider's own: nothing may get there
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with FarEnd("notifications") as running:
        yield running


def listed(*sids: str) -> dict[str, Any]:
    """A page of the list, of messages that were taken just now."""
    now = format_datetime(datetime.now(UTC))
    row = {**HELLO, "from": CREDENTIALS["NOTIFICATIONS_FROM"], "num_media": "0", "date_created": now}
    return {"messages": [{**row, "sid": sid, "status": "sent"} for sid in sids], "next_page_uri": None}


def test_the_declaration_has_no_faults() -> None:
    assert faults_of("notifications") == []


def test_a_message_is_sent_and_found_by_the_list(far_end: FarEnd) -> None:
    far_end.load(SENT)

    sent = send(SEND, HELLO)
    found = find(SEND, HELLO, first_sent_at=RECORDED)

    assert (sent.state, sent.remote_id, sent.answer) == ("proven", SID, {"status": "queued"})
    assert (found.state, found.remote_id, found.answer) == ("proven", SID, {"status": "delivered"})
    assert find(SEND, HELLO, first_sent_at=RECORDED, owned={SID}).state == "absent"
    assert far_end.requests("GET")[0].query["DateSent>"] == "2026-11-21"


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [
        (400, {"code": 21211, "message": "It is no number."}, "refused"),
        (401, {"code": 20003, "message": "Authenticate"}, "intended"),
        (429, {"code": 20429, "message": "Too Many Requests"}, "intended"),
        (503, {"code": 20503, "message": "Try later"}, "unknown"),
        (201, {}, "unknown"),
    ],
)
def test_what_is_known_after_an_answer(far_end: FarEnd, status: int, body: Any, state: str) -> None:
    far_end.answer("POST", MESSAGES, status=status, json=body)

    outcome = send(SEND, HELLO)

    assert outcome.state == state
    assert f"{body['message']} ({body['code']})" in str(outcome.message) if body else outcome.message


@pytest.mark.usefixtures("committed")
def test_a_lost_answer_is_looked_for_until_the_list_has_it(far_end: FarEnd) -> None:
    far_end.answer("POST", MESSAGES, mood="lost")
    far_end.answer("GET", MESSAGES, json=listed())
    far_end.answer("GET", MESSAGES, json=listed())
    far_end.answer("GET", MESSAGES, json=listed("SM7"))
    message = ask(SEND, HELLO)

    assert message.finish() == "proven"

    assert message.steps == ["asked", "sending", "no_answer", "looked", "looked", "looked"]
    assert (message.remote_id, len(far_end.requests("POST"))) == ("SM7", 1)


@pytest.mark.usefixtures("committed")
def test_what_the_list_never_has_is_sent_again(far_end: FarEnd) -> None:
    far_end.answer("POST", MESSAGES, mood="lost")
    far_end.answer("POST", MESSAGES, status=201, json={"sid": "SM8"})
    far_end.answer("GET", MESSAGES, json=listed())
    message = ask(SEND, HELLO)

    assert message.finish() == "proven"

    assert message.states.count("sent") == 2
    assert message.remote_id == "SM8"
