"""Start everything and keep it alive: database, tables, sandbox, web, worker. Ctrl-C stops it all.

Without DATABASE_URL an embedded PostgreSQL is used, under --data-dir. The sandbox stands in for every system
that has no URL of its own (NETSUITE_URL, APISMITH_URL). The first start reads every record once.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from bridge.services.port import port as port_number
from bridge.verbs.values import count
from bridge.verbs.web import HOST, PORT, WORKERS


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--port", type=port_number, default=PORT, help=f"of the web server (default {PORT})")
    parser.add_argument("--host", default=HOST, help=f"address it listens on (default {HOST})")
    parser.add_argument("--workers", type=count, default=WORKERS, help=f"its processes (default {WORKERS})")
    parser.add_argument("--no-sandbox", action="store_true", help="don't stand in for far ends without a URL")
    parser.add_argument("--no-sync", action="store_true", help="don't ask for a first sync")
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--pretty", action="store_true", default=None, help="log in words (so it is on a terminal)"
    )
    form.add_argument("--json-logs", dest="pretty", action="store_false", help="log in JSON lines")


def run(options: Namespace) -> int:
    """Run until told to stop."""
    from bridge.up import run as run_up

    return run_up(options)
