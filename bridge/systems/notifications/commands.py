"""Messages to people. The far end knows no idempotency key and lists what is new late: it is read back for long."""

from __future__ import annotations

from typing import Any

import msgspec

from bridge import env
from bridge.systems.notifications.client import Account, words
from bridge.systems.notifications.read_back import written
from bridge.systems.notifications.told import told
from bridge.systems.notifications.wording import MessagePayload, form
from sync.commands import Absent, Callback, Command, Intent, Proven, SignedForm
from sync.declare import Business, Exponential
from sync.errors import TransientError
from sync.http import Answer, raise_for_status

LISTED_WITHIN = env.integer("NOTIFICATIONS_LISTED_WITHIN", 120, minimum=1)
"""Seconds after which a message is surely in the far end's lists, where it was taken."""


def send(intent: Intent) -> Proven:
    """Hand a message over; the far end's id for it is the proof. What becomes of it is told by callbacks."""
    account = Account()
    answer = account.session.request(
        "POST", account.messages, data=form(intent, account.sender), module="messages"
    )
    raise_for_status(answer, words)
    message = _message(answer)
    return Proven(remote_id=message["sid"], answer={"status": message.get("status")})


def find(intent: Intent) -> Proven | Absent:
    """Look for the message among those to the same number that belong to no other command."""
    same = written(intent, form(intent, Account().sender))
    owned = intent.taken([one["sid"] for one in same])
    left = [one for one in same if one["sid"] not in owned]
    if not left:
        return Absent()
    oldest = left[-1]
    return Proven(remote_id=oldest["sid"], answer={"status": oldest.get("status")})


send_message = Command(
    name="send_message",
    label="message",
    path="notifications",
    payload=MessagePayload,
    send=send,
    find=find,
    # Messages to one person arrive in their order; one that is refused must not keep the next ones back.
    lane=Business("to"),
    on_refusal="pass",
    retry=Exponential(base=1, cap=60, tries=40),
    settles=(LISTED_WITHIN / 24, LISTED_WITHIN / 4, LISTED_WITHIN),
    callback=Callback(signed=SignedForm(variable="NOTIFICATIONS_AUTH_TOKEN"), read=told),
)


def _message(answer: Answer) -> dict[str, Any]:
    try:
        found: dict[str, Any] = msgspec.json.decode(answer.body, type=dict[str, Any])
        found["sid"]
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError) as error:
        message = f"{answer.system} answered {answer.address} with something else than a message: {answer.excerpt()}"
        raise TransientError(message, code="bad_envelope") from error
    return found
