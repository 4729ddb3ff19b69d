"""Commands of the tests' own system: one with a key, one without, one that nobody can ask about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from rest_framework import serializers

from sync.budget import SharedGate
from sync.commands import (
    Absent,
    Approval,
    Callback,
    Command,
    Compensation,
    Intent,
    Proven,
    Refused,
    Sent,
    SignedForm,
    Told,
)
from sync.declare import Backoff, Business, Signed
from sync.errors import FatalError, NotFound, RecordError
from sync.http import Answer, Session, raise_for_status
from tests.office import current_url


class Address(serializers.Serializer[Any]):
    """Where a letter goes."""

    street = serializers.CharField(max_length=40)
    zip_code = serializers.RegexField(r"^[0-9]{5}$")


class Letter(serializers.Serializer[Any]):
    """What is to be sent."""

    to = serializers.CharField(max_length=40)
    text = serializers.CharField(max_length=200)
    value = serializers.DecimalField(max_digits=12, decimal_places=2, required=False)
    on = serializers.DateField(required=False)
    address = Address(required=False)
    password = serializers.CharField(required=False)


def book(intent: Intent) -> Proven | Refused:
    """Under our own key, so that twice is once there."""
    answer = _ask("PUT", f"/bookings/{intent.key}", json=dict(intent.payload))
    return Proven(answer=_body(answer))


def find_booking(intent: Intent) -> Proven | Absent:
    """By our key."""
    try:
        answer = _ask("GET", f"/bookings/{intent.key}")
    except NotFound:
        return Absent()
    return Proven(answer=_body(answer))


def mail(intent: Intent) -> Proven:
    """There is no key: twice is two letters."""
    answer = _ask("POST", "/letters", json=dict(intent.payload))
    return Proven(remote_id=_body(answer)["id"], answer=_body(answer))


def mail_and_book(intent: Intent) -> Proven:
    """Two requests, where each should be a command of its own: the second may fail."""
    sent = mail(intent)
    book(intent)
    return sent


def find_letter(intent: Intent) -> Proven | Absent:
    """Among the letters to the same person, those that belong to no other command."""
    answer = _ask("GET", "/letters", params={"to": intent.payload["to"]})
    same = [one["id"] for one in _body(answer)["items"] if one["body"] == dict(intent.payload)]
    left = [one for one in same if one not in intent.taken(same)]
    return Proven(remote_id=left[0]) if left else Absent()


def find_any_letter(intent: Intent) -> Proven | Absent:
    """As above, but whoever they belong to: a mistake."""
    answer = _ask("GET", "/letters", params={"to": intent.payload["to"]})
    items = _body(answer)["items"]
    return Proven(remote_id=items[0]["id"]) if items else Absent()


def speak(intent: Intent) -> Proven | Refused:
    """A refusal in the far end's own words."""
    try:
        answer = _ask("POST", "/letters", json=dict(intent.payload))
    except FatalError as error:
        raise FatalError(json.loads(error.message.partition("letters: ")[2].rstrip("."))["error"]) from error
    return Proven(remote_id=_body(answer)["id"])


def hand_in(intent: Intent) -> Sent:
    """It is taken on, and done later."""
    answer = _ask("POST", "/parcels", json=dict(intent.payload))
    return Sent(remote_id=_body(answer)["id"])


def find_parcel(intent: Intent) -> Proven | Absent:
    """By the id that it got."""
    answer = _ask("GET", "/parcels", params={"to": intent.payload["to"]})
    there = any(one["id"] == intent.remote_id for one in _body(answer)["items"])
    return Proven(remote_id=intent.remote_id) if there else Absent()


def deny(intent: Intent) -> None:
    """Our own rows have no such person."""
    if intent.payload["to"] == "Nobody":
        raise RecordError("There is no Nobody here.", code="no_such_person", field="to")


RANKS = {"queued": 1, "sent": 2, "planned": 3, "delivered": 4, "failed": 4}


def read_report(fields: Mapping[str, Any]) -> Told:
    """`{"event": "delivered", "of": "E1", "ref": our key}`, as JSON or as a form; a plan proves nothing."""
    if odd := fields.get("odd"):
        return None if odd == "nothing" else Told(id="1", status="?", rank=1, state="done")  # type: ignore[return-value, arg-type]  # a mistake
    status = fields["event"]
    proves: Literal["proven", "refused"] | None = None
    if status in ("sent", "delivered", "failed"):
        proves = "refused" if status == "failed" else "proven"
    return Told(
        id=f"{fields.get('of')}:{status}",
        status=status,
        rank=fields.get("rank", RANKS[status]),
        message=fields.get("why", ""),
        state=proves,
        remote_id=fields.get("of"),
        reference=fields.get("ref"),
        code=fields.get("code"),
    )


NOW = Backoff(0, 0, 0)
SIGNED = Signed(variable="SHOP_WEBHOOK_SECRET")
BOOK = Command(
    name="book",
    label="booking",
    payload=Letter,
    send=book,
    find=find_booking,
    settles=(0,),
    retry=NOW,
    path="bookings",
    lane=Business("to"),
)
MAIL = Command(
    name="mail",
    payload=Letter,
    send=mail,
    find=find_letter,
    settles=(0, 0, 0),
    retry=NOW,
)
RING = Command(name="ring", payload=Letter, send=mail, retry=NOW, on_refusal="pass")
HAND_IN = Command(
    name="hand_in",
    payload=Letter,
    send=hand_in,
    find=find_parcel,
    settles=(0, 0),
    retry=NOW,
    find_retry=Backoff(0, 0),
    callback=Callback(signed=SIGNED, read=read_report, largest=1_000),
)
CALL = Command(
    name="call",
    payload=Letter,
    send=hand_in,
    settles=(600,),
    retry=NOW,
    callback=Callback(signed=SignedForm(variable="SHOP_WEBHOOK_SECRET"), read=read_report),
)
SLOW = Command(name="slow", payload=Letter, send=mail, find=find_letter, settles=(600,), retry=NOW)
BOTH = Command(name="both", payload=Letter, send=mail_and_book, find=find_letter, settles=(0, 0), retry=NOW)
SHOUT = Command(name="shout", payload=Letter, send=mail, find=find_any_letter, settles=(0, 0), retry=NOW)
PAY = Command(
    name="pay",
    payload=Letter,
    send=mail,
    find=find_letter,
    settles=(0,),
    retry=NOW,
    lane=Business("to", name="payments"),
    approval=Approval(persons=2, when=lambda payload: "value" in payload),
    compensation=Compensation(
        command="mail",
        payload=lambda intent, proof: {"to": intent.payload["to"], "text": f"{proof['id']} was a mistake"},
    ),
)
GATE: SharedGate | None = None
"""Asked before each request, where a test sets it."""
FRANK = Command(name="frank", payload=Letter, send=speak, effect=deny, retry=NOW)
COMMANDS = (FRANK, PAY, BOOK, MAIL, RING, HAND_IN, CALL, SLOW, SHOUT, BOTH)


def _ask(method: str, path: str, **options: Any) -> Answer:
    answer = Session("shop", current_url(), gate=GATE, timeout=10).request(method, path, **options)
    raise_for_status(answer)
    return answer


def _body(answer: Answer) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(answer.body)
    return body
