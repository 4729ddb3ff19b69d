"""Check the configuration, the declarations of all systems, the database and its tables; each fault with a hint."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from contextlib import ExitStack

from bridge.exits import OK, USAGE
from bridge.prepare import Needs, ensure_tables, prepare


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--deploy", action="store_true", help="also what a public installation needs")
    parser.add_argument("--no-database", action="store_true", help="leave the database out")


def run(options: Namespace) -> int:
    """Print every fault found; 0 where there is none, else 2."""
    from django.core.management import call_command
    from django.core.management.base import SystemCheckError

    prepare(Needs.DJANGO, ExitStack())
    try:
        call_command("check", deploy=options.deploy)
    except SystemCheckError as error:
        print(error, file=sys.stderr)
        return USAGE
    if not options.no_database:
        with ExitStack() as stack:
            prepare(Needs.DATABASE, stack)
            ensure_tables()
    return OK
