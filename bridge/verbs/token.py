"""Make a token for a client of the API; the token alone is printed, ready for `TOKEN=$(bridge token …)`.

Scopes: read (records), sync (start syncs), operate (retry, cancel, resolve, mend, discard), metrics.
It is signed with BRIDGE_JWT_SECRET, or the secret kept in the data directory; no database is needed.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import timedelta

from bridge.exits import OK

DAYS = 30


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--client", required=True, metavar="NAME", help="who will use it; shown in the audit")
    parser.add_argument("--scope", required=True, metavar="A,B", help="what it may do, separated by commas")
    parser.add_argument("--days", type=float, default=DAYS, help=f"how long it is valid (default {DAYS})")


def run(options: Namespace) -> int:
    """Print the token."""
    print(make(options.client, options.scope.split(","), timedelta(days=options.days)))
    return OK


def make(client: str, scopes: list[str], lifetime: timedelta) -> str:
    """Return a signed token; raises InvalidRequest where client, scope or lifetime can't be."""
    from bridge.prepare import load_django

    load_django()
    from api.auth import mint

    return mint(client, [scope.strip() for scope in scopes if scope.strip()], lifetime)
