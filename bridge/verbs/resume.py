"""Let workers take jobs again after `bridge drain`, all of them or one; or end what `bridge pause` began.

bridge resume
bridge resume --worker NAME
bridge resume system:netsuite         a queue, an entity or a system that was paused
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from bridge.errors import StartError
from bridge.exits import FAILED, OK, say


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("scope", nargs="?", metavar="WHAT", help="queue:NAME, system:NAME or an entity")
    parser.add_argument("--worker", metavar="NAME", help="only this one")
    parser.add_argument("--reason", help="kept with the act")


def run(options: Namespace) -> int:
    """Do it."""
    from bridge.person import actor
    from sync.jobs import fleet, pauses

    if options.scope is not None:
        if options.worker is not None:
            raise StartError("two_meant", "Name what was paused, or a worker that was drained: not both.")
        scope = pauses.resume(options.scope, by=actor(), reason=options.reason)
        print(f"Jobs of {scope} are started again.")
        return OK
    fleet.resume(by=actor(), worker=options.worker, reason=options.reason)
    if fleet.state()["draining_since"]:
        say("It is no longer drained by itself, but all workers are: `bridge resume` lets them take jobs.")
        return FAILED
    print("Workers take jobs again.")
    return OK
