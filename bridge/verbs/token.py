"""Make a token for a client of the API; the token alone is printed, ready for `TOKEN=$(bridge token …)`.

Scopes: read (records), sync (start syncs), operate (retry, cancel, resolve, mend, discard, settle), metrics, and one
for each command of a system, such as command:netsuite.upsert_customer.
It is signed with BRIDGE_JWT_SECRET, or the secret kept in the data directory. Who made it, for whom and what for is in
the audit, the token is not: where the database does not answer none is made.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import timedelta
from typing import TYPE_CHECKING

from bridge.errors import StartError
from bridge.exits import OK
from bridge.verbs.values import days

if TYPE_CHECKING:
    from sync.audit import Actor

DAYS = 30


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--client", required=True, metavar="NAME", help="who will use it; shown in the audit")
    parser.add_argument("--scope", required=True, metavar="A,B", help="what it may do, separated by commas")
    parser.add_argument("--reason", metavar="WORDS", help="kept in the audit")
    parser.add_argument("--days", type=days, default=DAYS, help=f"how long it is valid (default {DAYS})")


def run(options: Namespace) -> int:
    """Print the token."""
    from bridge.person import actor

    lifetime = timedelta(days=options.days)
    print(make(options.client, options.scope.split(","), lifetime, by=actor(), reason=options.reason))
    return OK


def make(client: str, scopes: list[str], lifetime: timedelta, *, by: Actor, reason: str | None = None) -> str:
    """Return a signed token; raises InvalidRequest where client, scope or lifetime can't be."""
    from django.conf import settings

    from api.checks import MINIMUM_SECRET
    from api.issuing import issue

    if len(settings.BRIDGE_JWT_SECRET.encode()) < MINIMUM_SECRET:
        sentence = (
            f"BRIDGE_JWT_SECRET is shorter than {MINIMUM_SECRET} bytes: openssl rand -hex 32 makes one."
        )
        raise StartError("jwt_secret_short", sentence)
    wanted = [scope.strip() for scope in scopes if scope.strip()]
    return issue(client, wanted, lifetime, by=by, reason=reason)
