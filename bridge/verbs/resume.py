"""Let workers take jobs again after `bridge drain`: all of them, or one.

bridge resume
bridge resume --worker NAME
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from bridge.exits import OK


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--worker", metavar="NAME", help="only this one")
    parser.add_argument("--reason", help="kept with the act")


def run(options: Namespace) -> int:
    """Do it."""
    from bridge.person import actor
    from sync.jobs import fleet

    fleet.resume(by=actor(), worker=options.worker, reason=options.reason)
    print("Workers take jobs again.")
    return OK
