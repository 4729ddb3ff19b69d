"""How every entity stands, which jobs run, and whether a worker lives."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from bridge.exits import OK
from bridge.printing import ago, brief, print_json, print_table

COLUMNS = ("entity", "records#", "pending#", "failed#", "last sync", "job", "")


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Print it; the exit code is 0 however it stands."""
    from bridge.figures import (
        Standing,
        dead_jobs,
        drifted_columns,
        living_workers,
        refused_deliveries,
        standings,
    )

    found = standings()
    workers, dead = living_workers(), dead_jobs()
    refused, drifted = refused_deliveries(), drifted_columns()
    if options.json:
        entities = [standing.plain() for standing in found]
        troubles = {"failed_jobs": dead, "refused_deliveries": refused, "drifted_columns": drifted}
        print_json({"workers": workers, **troubles, "entities": entities})
        return OK

    def row(standing: Standing) -> tuple[Any, ...]:
        words = "paused" if standing.state == "paused" else brief(standing.job_error)
        when = ago(standing.last_sync_at)
        return (
            standing.entity,
            standing.records,
            standing.pending,
            standing.failed,
            when,
            standing.job_status,
            words,
        )

    print_table(COLUMNS, map(row, found), empty="No entity is declared: name a system in BRIDGE_SYSTEMS.")
    print()
    print("A worker is alive." if workers else "No worker is alive: start `bridge up` or `bridge worker`.")
    if dead:
        print(f"Failed jobs that wait for a person: {dead}; see `bridge jobs list --status failed`.")
    for target, rows in refused.items():
        print(f"Records that {target} refused: {rows:,}; see `bridge deliveries`.")
    for standing in found:
        if standing.deletes_held:
            since = ago(standing.deletes_held_since)
            print(f"Deletes of {standing.entity} are held back since {since}: {standing.deletes_held}")
    if drifted:
        print(f"Columns of sources that changed: {drifted}; see `bridge drift`.")
    return OK
