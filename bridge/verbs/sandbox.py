"""Serve the far ends: NetSuite and APISmith on public data, for trying Bridge and for tests.

Rows can be changed and moods (slow, 429, 500, dirty rows, down) switched while it runs, at /_control.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from bridge.sandbox.server import HOST, PORT
from bridge.services.port import port as port_number


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--host", default=HOST, help=f"address to listen on (default {HOST})")
    parser.add_argument(
        "--port", type=port_number, default=PORT, help=f"port, 0 for a free one (default {PORT})"
    )


def run(options: Namespace) -> int:
    """Serve until told to stop."""
    from bridge.sandbox.__main__ import main

    return main(["--host", options.host, "--port", str(options.port)])
