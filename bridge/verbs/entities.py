"""The entities with their records, pending children and failures."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from bridge.exits import OK
from bridge.printing import ago, print_json, print_table


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Print them."""
    from bridge.figures import standings

    found = standings()
    if options.json:
        names = ("entity", "system", "records", "pending", "failed", "last_sync_at")
        print_json([{name: getattr(standing, name) for name in names} for standing in found])
        return OK
    print_table(
        ("entity", "system", "records#", "pending#", "failed#", "last sync"),
        ((e.entity, e.system, e.records, e.pending, e.failed, ago(e.last_sync_at)) for e in found),
        empty="No entity is declared: name a system in BRIDGE_SYSTEMS.",
    )
    return OK
