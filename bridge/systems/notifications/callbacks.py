"""What becomes of a message of the sandbox's Twilio after it was taken, told to its StatusCallback."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

import msgspec

from bridge.sandbox.store import Row, Table, UnknownError
from bridge.sandbox.tokens import NULL, text_of
from bridge.sandbox.webhooks import Delivery, Setting, Sign
from bridge.systems.notifications.message import CALLBACK, FAILING, moment

_FIELDS = {
    "MessageSid": "sid",
    "SmsSid": "sid",
    "MessageStatus": "status",
    "SmsStatus": "status",
    "AccountSid": "account_sid",
    "From": "from",
    "To": "to",
    "ApiVersion": "api_version",
    "ErrorCode": "error_code",
}


def carried(table: Table, row: Row) -> Callable[[], None]:
    """Bring a message that was taken to its end: sent, then delivered, or failed where its number says so."""

    def work() -> None:
        code = FAILING.get(text_of(row.columns["to"]))
        end = {"status": "undelivered", "error_code": code} if code else {"status": "delivered"}
        try:
            for facts in ({"status": "sent", "date_sent": _now()}, end):
                changed = {**facts, "date_updated": _now()}
                table.change(row.key, {name: msgspec.json.encode(value) for name, value in changed.items()})
        except UnknownError:
            return  # deleted meanwhile, or the sandbox was reset

    return work


def described(_: Setting, table: Table, row: Row, event: str) -> Delivery | None:
    """Tell a status, where the message names an address for that; of being taken its answer tells."""
    url = row.columns.get(CALLBACK, NULL)
    if event != "updated" or url == NULL:
        return None
    fields = {name: row.columns.get(column, NULL) for name, column in _FIELDS.items()}
    form = urlencode({name: text_of(token) for name, token in fields.items() if token != NULL})
    return Delivery(
        url=text_of(url), entity=table.name, event=text_of(row.columns["status"]), body=form.encode()
    )


def signed(token: str) -> Sign:
    """Sign the address with the fields in the order of their names (HMAC-SHA1), with the account's token."""

    def sign(one: Delivery) -> dict[str, str]:
        fields = sorted(parse_qsl(one.body.decode(), keep_blank_values=True))
        text = one.url + "".join(name + value for name, value in fields)
        digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
        return {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": base64.b64encode(digest).decode(),
        }

    return sign


def _now() -> str:
    return moment(datetime.now(UTC))
