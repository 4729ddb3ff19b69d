"""What a callback of Twilio's says of a message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sync.commands import Told
from sync.errors import RecordError

RANKS = {
    "accepted": 0,
    "scheduled": 0,
    "queued": 1,
    "sending": 2,
    "sent": 3,
    "partially_delivered": 4,
    "delivered": 5,
    "undelivered": 5,
    "failed": 5,
    "canceled": 5,
    "read": 6,
}
"""How far a message is. Callbacks come in any order: one of a lower rank changes nothing any more."""


def told(form: Mapping[str, Any]) -> Told:
    """Any status proves that the message was taken. Raises RecordError (bad_callback)."""
    sid, status = str(form.get("MessageSid", "")), str(form.get("MessageStatus", ""))
    if not sid or not status:
        raise RecordError("A callback needs MessageSid and MessageStatus.", code="bad_callback")
    code = form.get("ErrorCode")
    return Told(
        id=f"{sid}/{status}",
        status=status,
        rank=RANKS.get(status, 0),
        state="proven",
        remote_id=sid,
        code=str(code) if code else None,
        facts={name: str(form[name]) for name in ("MessageStatus", "ErrorCode") if form.get(name)},
    )
