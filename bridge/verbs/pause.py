"""Start no more jobs of a queue, an entity or a system; those that run go on. Without a name it lists what is paused.

Of an entity it holds syncs, refreshes, backfills, retries and pushes; of a system what asks it and what writes to it.

bridge pause
bridge pause system:netsuite --reason "down for the weekend"
bridge pause queue:sync
bridge pause netsuite.customers
bridge resume system:netsuite
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from bridge.exits import OK
from bridge.printing import ago, print_json, print_table


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("scope", nargs="?", metavar="WHAT", help="queue:NAME, system:NAME or an entity")
    parser.add_argument("--reason", help="kept with the act")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Do it, and print what is paused."""
    from api.pauses import shown
    from bridge.person import actor
    from sync.jobs import pauses

    if options.scope is None:
        found = pauses.in_force()
    else:
        found = [pauses.pause(options.scope, by=actor(), reason=options.reason)]
    if options.json:
        print_json(shown(found) if options.scope is None else shown(found)[0])
        return OK
    print_table(
        ("paused", "since", "by", "reason"),
        ((one.scope, ago(one.since) if one.since else "", one.by or "", one.reason or "") for one in found),
        empty="Nothing is paused.",
    )
    return OK
