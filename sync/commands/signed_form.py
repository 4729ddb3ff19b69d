"""The proof of a callback that is a form: HMAC-SHA1 over its address and its fields."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from django.conf import settings

from sync.commands import SignedForm
from sync.errors import ConfigError, Unsigned


def check(
    signed: SignedForm, headers: Mapping[str, str], address: str, fields: Sequence[tuple[str, str]]
) -> None:
    """Check the signature over the address as the far end was given it, and the fields in whatever order.

    Raises Unsigned (signature_missing, signature_wrong), ConfigError (secret_missing).
    """
    given = headers.get(signed.signature, "").strip()
    if not given:
        raise Unsigned(f"The header {signed.signature} is missing.", code="signature_missing")
    secrets = settings.BRIDGE_SECRET_OF(signed.variable).split()
    if not secrets:
        message = f"{signed.variable} is not set, so nothing that comes in can be believed: set it."
        raise ConfigError(message, code="secret_missing")
    wanted = [signature(secret, address, fields).encode() for secret in secrets]
    # Every one is compared, each in constant time: how long it takes tells nothing.
    if not any([hmac.compare_digest(one, given.encode("latin-1", "replace")) for one in wanted]):  # noqa: C419
        message = f"{signed.signature} is not the HMAC-SHA1 of address and fields with our secret."
        raise Unsigned(message, code="signature_wrong")


def signature(secret: str, address: str, fields: Sequence[tuple[str, str]]) -> str:
    """What the far end writes into its header."""
    text = address + "".join(name + value for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()).decode()
