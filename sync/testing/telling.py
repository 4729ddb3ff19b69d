"""What a far end tells by itself, signed as its declaration says. Needs the fixture `bridge_database`."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings
from requests.structures import CaseInsensitiveDict

from sync.commands import SignedForm
from sync.declare import Signed
from sync.ids import uuid7
from sync.registry import registry

if TYPE_CHECKING:
    from sync.commands.declared import Declared
    from sync.models import Command


def tell(entity: str, event: Mapping[str, Any] | bytes, *, delivery: str | None = None) -> bool:
    """Let a webhook come in and run the jobs that it asks for; False where that delivery was here before.

    Raises NotRecorded, and what the door answers with: InvalidRequest where the event is not as declared, NotFound
    (no_webhook).
    """
    from sync.testing.delivering import run_jobs
    from sync.webhooks.receive import receive, webhook_of

    registered = registry.find(entity)
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    headers = signed_headers(webhook_of(registered).signed, body, delivery)
    created = receive(registered, headers, body).created
    run_jobs()
    return created


def call_back(known: Declared, command: Command, fields: Mapping[str, Any], delivery: str | None) -> bool:
    """Let a callback of a command come in; False where it came before. Raises what its door answers with."""
    from sync.commands.callbacks import Delivery, callback_url, receive
    from sync.commands.signed_form import signature

    callback = known.command.callback
    if callback is None:
        raise AssertionError(f"{known.path} declares no callback.")
    address = callback_url(known, command.pk, settings.BRIDGE_PUBLIC_URL)
    if isinstance(callback.signed, SignedForm):
        pairs = [(name, str(value)) for name, value in fields.items()]
        body = urlencode(pairs).encode()
        proof = signature(_secret(callback.signed.variable), address or "", pairs)
        headers = CaseInsensitiveDict({callback.signed.signature: proof})
    else:
        body = json.dumps(fields).encode()
        headers = signed_headers(callback.signed, body, delivery)
    told = Delivery(address=address, headers=headers, body=body, command_id=command.pk)
    return receive(known, told).created


def signed_headers(signed: Signed, body: bytes, delivery: str | None = None) -> CaseInsensitiveDict[str]:
    """The headers that prove a body."""
    name, stamp = delivery or str(uuid7()), str(int(time.time()))
    parts = {"id": name.encode(), "timestamp": stamp.encode(), "body": body}
    text = b".".join(parts[part] for part in signed.signs)
    digest = hmac.new(_secret(signed.variable).encode(), text, hashlib.sha256).hexdigest()
    return CaseInsensitiveDict(
        {signed.delivery: name, signed.timestamp: stamp, signed.signature: f"{signed.prefix}{digest}"}
    )


def _secret(variable: str) -> str:
    secrets: list[str] = settings.BRIDGE_SECRET_OF(variable).split()
    if not secrets:
        raise AssertionError(
            f'{variable} is not set: monkeypatch.setenv("{variable}", "a secret") in the test.'
        )
    return secrets[0]
