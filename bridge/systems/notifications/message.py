"""One message as the sandbox's Twilio keeps it and shows it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import msgspec

from bridge.sandbox.store import Row
from bridge.sandbox.tokens import Columns, object_of
from bridge.systems.notifications.refusals import check

CALLBACK = "status_callback"
"""The column that is never shown: where changes of the status are told."""
SEGMENT = 160
FAILING = {"+15005550030": 30003, "whatsapp:+15005553016": 63016}
"""Numbers of the sandbox's own to which a message is accepted and later fails with this code."""


def accepted(form: Mapping[str, str], account: str) -> Columns:
    """Make the columns of a new message. Raises ProviderError."""
    check(form)
    sid, body, now = f"SM{uuid.uuid4().hex}", form.get("Body", ""), moment(datetime.now(UTC))
    uri = f"/2010-04-01/Accounts/{account}/Messages/{sid}"
    facts: dict[str, Any] = {
        "account_sid": account,
        "api_version": "2010-04-01",
        "body": body,
        "date_created": now,
        "date_sent": None,
        "date_updated": now,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": form.get("From"),
        "messaging_service_sid": form.get("MessagingServiceSid"),
        "num_media": "1" if form.get("MediaUrl") else "0",
        "num_segments": str(-(-len(body) // SEGMENT) or 1),
        "price": None,
        "price_unit": "USD",
        "sid": sid,
        "status": "queued",
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": form["To"],
        "uri": f"{uri}.json",
        CALLBACK: form.get("StatusCallback"),
    }
    return {name: msgspec.json.encode(value) for name, value in facts.items()}


def shown(row: Row) -> bytes:
    """The message as JSON, to the world."""
    return object_of({name: token for name, token in row.columns.items() if name != CALLBACK})


def moment(at: datetime) -> str:
    """A moment as Twilio writes it (RFC 2822), exact to the second."""
    return format_datetime(at)
