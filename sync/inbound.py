"""What far ends send us unasked: is it theirs, is it of now, and was it here before. For webhooks and callbacks."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F

from sync.declare import Signed
from sync.errors import ConfigError, Unsigned
from sync.ids import first_uuid7
from sync.models import Inbound

KEPT = timedelta(days=30)
"""So long a delivery is remembered: no far end repeats one after that."""
_ID = re.compile(r"[!-~]{1,200}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Proven:
    """A delivery that is the far end's own."""

    delivery_id: str  # the far end's
    sent_at: datetime  # as it says
    received_at: datetime


def verify(signed: Signed, headers: Mapping[str, str], body: bytes, *, now: datetime | None = None) -> Proven:
    """Check signature and time of a request; `headers` finds names in any case.

    Raises Unsigned (signature_missing, signature_wrong, signature_expired), ConfigError (secret_missing).
    """
    now = now or datetime.now(UTC)
    found = {name: headers.get(name, "").strip() for name in (signed.signature, signed.timestamp)}
    delivery_id = headers.get(signed.delivery, "").strip()
    missing = [name for name, value in {**found, signed.delivery: delivery_id}.items() if not value]
    if missing:
        raise Unsigned(f"The header {missing[0]} is missing.", code="signature_missing")
    stamp = found[signed.timestamp]
    parts = {"id": delivery_id.encode("latin-1", "replace"), "timestamp": stamp.encode("latin-1", "replace")}
    text = b".".join(body if part == "body" else parts[part] for part in signed.signs)
    if not _ID.fullmatch(delivery_id) or not _is_signed(signed, found[signed.signature], text):
        message = f"{signed.signature} is not the HMAC-SHA256 of {', '.join(signed.signs)} with our secret."
        raise Unsigned(message, code="signature_wrong")
    sent_at = _moment(signed, stamp)
    if abs(now - sent_at) > signed.window:
        message = f"It was signed at {sent_at:%Y-%m-%dT%H:%M:%SZ}, here it is {now:%Y-%m-%dT%H:%M:%SZ}:"
        minutes = signed.window.total_seconds() / 60
        raise Unsigned(f"{message} at most {minutes:g} minutes may lie between.", code="signature_expired")
    return Proven(delivery_id=delivery_id, sent_at=sent_at, received_at=now)


def take_in(door: str, proven: Proven, **columns: Any) -> tuple[Inbound, bool]:
    """Note a delivery in the transaction that is open; of a repeated one the first, and False.

    `door` says where it came in: the ids of two far ends may be the same.
    """
    fresh = Inbound(
        door=door,
        delivery_id=proven.delivery_id,
        sent_at=proven.sent_at,
        received_at=proven.received_at,
        **columns,
    )
    # DO NOTHING waits for the end of a twin's transaction: of two at the same moment one is the first.
    Inbound.objects.bulk_create([fresh], ignore_conflicts=True)
    if Inbound.objects.filter(pk=fresh.pk).exists():
        return fresh, True
    known = Inbound.objects.filter(door=door, delivery_id=proven.delivery_id)
    known.update(repeated=F("repeated") + 1)
    return known.get(), False


def forget() -> None:
    """Drop deliveries that nobody will repeat any more; what still waits stays."""
    bound = first_uuid7((datetime.now(UTC) - KEPT).timestamp())
    Inbound.objects.filter(state=Inbound.State.DONE, id__lt=bound).delete()


def _is_signed(signed: Signed, given: str, text: bytes) -> bool:
    secrets = settings.BRIDGE_SECRET_OF(signed.variable).split()
    if not secrets:
        message = f"{signed.variable} is not set, so nothing that comes in can be believed: set it."
        raise ConfigError(message, code="secret_missing")
    tokens = [token for token in re.split(r"[\s,]+", given) if token.startswith(signed.prefix)]
    candidates = [_digest(token.removeprefix(signed.prefix)) for token in tokens]
    wanted = [hmac.new(secret.encode(), text, hashlib.sha256).digest() for secret in secrets]
    # Every pair is compared, each in constant time: how long it takes tells nothing.
    return any([hmac.compare_digest(mine, theirs) for mine in wanted for theirs in candidates])  # noqa: C419


def _digest(token: str) -> bytes:
    try:
        return bytes.fromhex(token) if len(token) == 64 else base64.b64decode(token, validate=True)
    except (ValueError, binascii.Error):
        return b""


def _moment(signed: Signed, stamp: str) -> datetime:
    try:
        return datetime.fromtimestamp(float(stamp), UTC)
    except (ValueError, OverflowError, OSError):
        message = f"{signed.timestamp} is not a number of seconds since 1970."
        raise Unsigned(message, code="signature_expired") from None
