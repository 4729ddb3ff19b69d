"""A far end that tells by itself: what it sends, signed as tests/shop.py declares."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django.test import Client

SECRET = "tests-only-webhook-secret"
GADGETS, PARTS, NOTES = (f"/api/v1/webhooks/shop/{name}" for name in ("gadgets", "parts", "notes"))


def headers(
    body: bytes, *, delivery: str | None = None, at: float | None = None, secret: str = SECRET
) -> dict[str, str]:
    """The headers that prove a body."""
    name, stamp = delivery or str(uuid4()), str(int(time.time() if at is None else at))
    text = b".".join((name.encode(), stamp.encode(), body))
    digest = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
    return {"X-Delivery-Id": name, "X-Timestamp": stamp, "X-Signature": f"sha256={digest}"}


def send(
    door: str, body: bytes | Mapping[str, Any], *, given: Mapping[str, str] | None = None, **proof: Any
) -> Any:
    """POST a body; `given` are headers in place of good ones."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = headers(content, **proof) if given is None else dict(given)
    return Client().post(door, content, content_type="application/json", headers=sent)
