"""The last exchanges of an attempt with far ends, kept by policy: cut, and without secrets.

While an attempt runs they are references in memory, no more than the beginning of a body; what is stored is
made ready when the attempt has ended.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings

from sync.redaction import HIDDEN, is_secret, plain_address, redact

if TYPE_CHECKING:
    from requests import PreparedRequest

    from sync.errand import Errand
    from sync.jobs.claim import Claim
    from sync.tape import Question

LONGEST_BODY = 4_096
"""Bytes of a body that are kept."""
MOST = 20
"""Exchanges of an attempt that are kept where it did not end well."""
ALWAYS = frozenset({"refresh", "webhook", "command", "push"})
"""Kinds whose exchanges are kept where they ended well, too: few, and people ask what was said."""
SHOWN = frozenset(
    {
        "accept",
        "accept-encoding",
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "etag",
        "idempotency-key",
        "last-modified",
        "link",
        "location",
        "prefer",
        "preference-applied",
        "retry-after",
        "server",
        "transfer-encoding",
        "user-agent",
        "vary",
        "x-netsuite-idempotency-key",
        "x-request-id",
    }
)
"""Headers whose values hold no secret, beside those on rate limits."""


class Seen(NamedTuple):
    """One exchange as it went over the wire."""

    at: datetime
    system: str
    method: str
    url: str
    params: Mapping[str, Any] | None
    seconds: float
    sent_headers: Mapping[str, Any] = {}
    sent: bytes = b""
    status: int | None = None
    headers: Mapping[str, str] = {}
    body: bytes = b""
    size: int = 0  # of the whole body
    error: str | None = None  # the code, where no answer came


Ring = deque[Seen]


def seen_of(
    url: str,
    question: Question,
    asked: PreparedRequest | None,
    answered: tuple[int, Mapping[str, str], bytes],
    *,
    began: float,
    error: str | None,
) -> Seen:
    """The exchange that has just ended; `began` is of the monotonic clock, a status of 0 is none."""
    status, headers, body = answered
    seconds = time.monotonic() - began
    return Seen(
        at=datetime.now(UTC) - timedelta(seconds=seconds),
        system=question.system,
        method=question.method,
        url=url,
        params=question.params,
        seconds=seconds,
        sent_headers=asked.headers if asked else {},
        sent=_beginning(asked.body) if asked else b"",
        status=status or None,
        headers=headers,
        body=body[:LONGEST_BODY],
        size=len(body),
        error=error,
    )


def keep(claim: Claim, errand: Errand, outcome: str) -> None:
    """Store what the policy keeps of an attempt that has ended."""
    from sync.models import Exchange

    most = MOST
    if outcome == "success":
        most = min(MOST, settings.BRIDGE_KEEP_EXCHANGES) if claim.kind in ALWAYS else 0
    seen = list(errand.seen)[-most:] if most else []
    if seen:
        Exchange.objects.bulk_create(_row(claim, one) for one in seen)


def _row(claim: Claim, seen: Seen) -> Any:
    from sync.models import Exchange

    return Exchange(
        job_id=claim.job_id,
        attempt=claim.attempt,
        at=seen.at,
        system=seen.system,
        method=seen.method,
        address=_storable(plain_address(seen.url)),
        params=_params(seen.params or {}),
        status=seen.status,
        error=seen.error,
        ms=round(seen.seconds * 1000),
        sent_headers=_headers(seen.sent_headers),
        sent=_text(seen.sent),
        headers=_headers(seen.headers),
        body=_text(seen.body),
        size=seen.size,
    )


def _params(given: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: HIDDEN if is_secret(name) else redact(_storable(str(value))) for name, value in given.items()
    }


def _headers(given: Mapping[str, Any]) -> dict[str, str]:
    words = {_word(name): _storable(_word(value)) for name, value in given.items()}
    return {name: _value(name.lower(), value) for name, value in words.items()}


def _word(value: Any) -> str:
    """What a header says: who signs a request may leave bytes."""
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _value(name: str, value: str) -> str:
    if name == "location":
        return plain_address(value)
    return redact(value) if name in SHOWN or "ratelimit" in name else HIDDEN


def _text(body: bytes) -> str:
    return redact(_storable(body.decode("utf-8", "replace")))


def _beginning(body: Any) -> bytes:
    if isinstance(body, str):
        return body[:LONGEST_BODY].encode()
    return body[:LONGEST_BODY] if isinstance(body, bytes) else b""


def _storable(text: str) -> str:
    """As PostgreSQL takes it: no NUL, no half of a surrogate pair."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
