"""The same request twice is one command: what makes two requests the same, and which command answered the first."""

from __future__ import annotations

import json
import re
from typing import Any

from blake3 import blake3

from sync.commands.declared import Declared
from sync.errors import InvalidRequest
from sync.models import Command

_KEY = re.compile(r"[!-~]{1,255}")


class KeyReused(InvalidRequest):
    """This Idempotency-Key came before with another body."""

    code = "idempotency_key_reused"


def check_key(key: str | None) -> None:
    """Raise InvalidRequest (bad_idempotency_key) for what is no key."""
    if key is not None and not _KEY.fullmatch(key):
        message = "An Idempotency-Key is 1 to 255 visible ASCII characters without blanks."
        raise InvalidRequest(message, code="bad_idempotency_key")


def request_hash(data: Any) -> bytes:
    """What two requests with the same JSON share, whatever the order of its names."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest: bytes = blake3(text.encode("utf-8", "surrogatepass")).digest()
    return digest


def twin_of(known: Declared, client: str, key: str | None, digest: bytes) -> Command | None:
    """The command of this client and key. Raises KeyReused where its body was another."""
    if key is None:
        return None
    found = Command.objects.filter(client=client, kind=known.path, idempotency_key=key).first()
    if found is not None and bytes(found.request_hash) != digest:
        message = f"The Idempotency-Key {key!r} was used for {known.path} with another body: take a new key."
        raise KeyReused(message)
    return found
