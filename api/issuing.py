"""Making a token: an act like any other, so it is in the audit before the token is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from api.auth import mint
from sync import audit
from sync.audit import Actor


def issue(
    client: str, scopes: Sequence[str], lifetime: timedelta, *, by: Actor, reason: str | None = None
) -> str:
    """A token for a client. Raises InvalidRequest (bad_scope, bad_client, bad_lifetime)."""
    token = mint(client, scopes, lifetime)
    ends = datetime.now(UTC) + lifetime
    after = {"scopes": sorted(set(scopes)), "valid_until": f"{ends:%Y-%m-%dT%H:%M:%SZ}"}
    audit.record("token.make", "client", client.strip(), by=by, reason=reason, after=after)
    return token
