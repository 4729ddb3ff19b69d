"""What is changed in NetSuite: customers, by an external id of ours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from bridge.systems.netsuite.client import raise_for_refusal, session
from bridge.systems.netsuite.customer import CustomerPayload, body, differing
from sync.commands import Absent, Command, Intent, Proven, Unsure
from sync.declare import Business, Exponential
from sync.errors import NotFound, TransientError
from sync.http import Answer

RECORD = "/services/rest/record/v1/customer/eid:"
KEY = "X-NetSuite-idempotency-key"
# Numbers as they were written: a credit limit is compared exactly.
_decoder = msgspec.json.Decoder(float_hook=str)


def send(intent: Intent) -> Proven:
    """PUT the customer at its external id: created, or changed in the fields that are named."""
    # NetSuite looks at the key of asynchronous requests only. It goes along all the same, for whoever reads its
    # logs; that the same PUT twice is harmless rests on the external id, and that it is rare on `find`.
    headers = {KEY: intent.key, "Content-Type": "application/json"}
    answer = _ask("PUT", intent, data=body(intent.payload), headers=headers)
    return Proven(answer={"netsuite_id": _id_of(answer)})


def find(intent: Intent) -> Proven | Absent | Unsure:
    """GET the customer and compare what was sent."""
    try:
        answer = _ask("GET", intent)
    except NotFound:
        return Absent()
    record = _record(answer)
    others = differing(intent.payload, record)
    if not others:
        return Proven(answer={"netsuite_id": record.get("id")})
    changed = datetime.fromisoformat(str(record["lastModifiedDate"]))
    if intent.sent_at is None or changed < intent.sent_at.replace(microsecond=0):
        return Absent()
    message = (
        f"The customer was changed at {changed.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, after this was sent, and has"
        f" another {', '.join(others)}: somebody else changed it, or NetSuite keeps the value in another form."
    )
    return Unsure(message=message)


upsert_customer = Command(
    name="upsert_customer",
    label="customer",
    payload=CustomerPayload,
    send=send,
    find=find,
    lane=Business("external_id"),
    settles=(2, 15, 60),
    # Some six hours: a night's maintenance leaves nobody dead commands.
    retry=Exponential(base=5, cap=300, tries=150),
)


def _ask(method: str, intent: Intent, **options: Any) -> Answer:
    path = f"{RECORD}{intent.payload['external_id']}"
    answer = session().request(method, path, module="customers", **options)
    raise_for_refusal(answer)
    return answer


def _id_of(answer: Answer) -> str | None:
    """NetSuite's id, which only the Location tells."""
    return answer.headers.get("Location", "").rstrip("/").rpartition("/")[2] or None


def _record(answer: Answer) -> Mapping[str, Any]:
    try:
        record: Any = _decoder.decode(answer.body)
        datetime.fromisoformat(record["lastModifiedDate"])
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        message = f"{answer.system} answered {answer.address} with something else than a customer: {answer.excerpt()}"
        raise TransientError(message, code="bad_envelope") from error
    found: Mapping[str, Any] = record
    return found
