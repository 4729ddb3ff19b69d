"""Check the configuration, the declarations of all systems, the database and its tables; each fault with a hint."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from contextlib import ExitStack

from bridge import env
from bridge.exits import OK, USAGE
from bridge.prepare import Needs, ensure_tables, load_django, prepare

LEVELS = ("CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG")


def arguments(parser: ArgumentParser) -> None:
    """Declare the options; those of Django's own `check` that scripts use are among them."""
    parser.add_argument("--deploy", action="store_true", help="also what a public installation needs")
    parser.add_argument("--fail-level", choices=LEVELS, default="ERROR", help="the least that fails (ERROR)")
    parser.add_argument(
        "--tag", action="append", dest="tags", help="only checks of this kind; may be repeated"
    )
    parser.add_argument("--no-database", action="store_true", help="leave the database out")


def run(options: Namespace) -> int:
    """Print every fault found; 0 where there is none, else 2. Makes no database where there is none yet."""
    from django.core.management import call_command
    from django.core.management.base import SystemCheckError

    load_django()
    try:
        call_command("check", deploy=options.deploy, fail_level=options.fail_level, tags=options.tags)
    except SystemCheckError as error:
        print(error, file=sys.stderr)
        return USAGE
    if options.no_database or options.tags:
        return OK
    named = env.secret("DATABASE_URL") or env.secret("DATABASE_DIRECT_URL")  # the latter alone is a fault
    if not named and not (env.data_dir() / "postgres").exists():
        print(f"No database yet in {env.data_dir()}: `bridge up` makes one.")
        return OK
    with ExitStack() as stack:
        prepare(Needs.DATABASE, stack)
        ensure_tables()
    print("The database answers and has the tables of every entity.")
    return OK
