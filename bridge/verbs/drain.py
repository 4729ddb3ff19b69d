"""Let workers take no more jobs, and wait until what runs has ended or was handed back; no try is burned.

bridge drain                          all workers, those too that start later: before a deploy
bridge drain --worker NAME            one; `bridge workers` lists them
bridge drain --wait 600               let running jobs end by themselves for so long

Ends with 0 when nothing runs any more, with 1 when something does. `bridge resume` lets them take jobs again.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace

from bridge.exits import FAILED, OK, say
from bridge.verbs.values import patience

HANDING_BACK = 15.0
"""Seconds for the last jobs to hear that they shall stop, and to do so."""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--worker", metavar="NAME", help="only this one")
    parser.add_argument(
        "--wait", type=patience, help="seconds for what runs to end (BRIDGE_DRAIN_SECONDS, 60)"
    )
    parser.add_argument("--reason", help="kept with the act")


def run(options: Namespace) -> int:
    """Drain, and wait."""
    from bridge.person import actor
    from sync.jobs import fleet

    wait = fleet.usual_wait() if options.wait is None else options.wait
    fleet.drain(by=actor(), worker=options.worker, wait=wait, reason=options.reason)
    until = time.monotonic() + wait + HANDING_BACK
    while (left := fleet.running(options.worker)) and time.monotonic() < until:
        time.sleep(0.2)
    if left:
        say(f"{left} jobs do not stop: `bridge jobs --status processing` shows them.")
        return FAILED
    print("Drained: nothing runs. `bridge resume` lets workers take jobs again.")
    return OK
