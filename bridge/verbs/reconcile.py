"""Compare what a target holds with what it should hold, and push again what differs; --dry-run only compares.

Ranges of keys are compared by one hash each; rows are read only where a range differs.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from bridge.exits import OK, say
from bridge.printing import print_json


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("target", metavar="TARGET", help="such as schedulehub")
    parser.add_argument("entity", metavar="ENTITY", help="such as apismith.items")
    parser.add_argument("--dry-run", action="store_true", help="repair nothing")
    parser.add_argument("--reason", metavar="WORDS", help="kept in the audit")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Ask for it; the job's result tells what differed."""
    from bridge.figures import nobody_works
    from bridge.person import actor
    from sync.registry import registry
    from sync.targets.acts import start_reconcile

    entity = registry.find(options.entity)
    wanted = start_reconcile(
        entity, options.target, dry_run=options.dry_run, by=actor(), reason=options.reason
    )
    if waits := nobody_works():
        say(waits)
    if options.json:
        print_json({"job": str(wanted.job.id), "created": wanted.created})
    else:
        verb = "Asked for" if wanted.created else "Already under way:"
        print(f"{verb} comparing {entity.path}, job {wanted.job.id}; `bridge jobs show` tells what differs.")
    return OK
