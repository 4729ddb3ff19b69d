"""How every entity stands, which jobs run, and whether a worker lives."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bridge.exits import OK
from bridge.printing import ago, brief, print_json, print_table

if TYPE_CHECKING:
    from bridge.figures import Standing
    from sync.jobs.pauses import Pause

COLUMNS = ("entity", "records#", "pending#", "failed#", "last sync", "job", "")


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Print it; the exit code is 0 however it stands."""
    from bridge.figures import (
        dead_jobs,
        drifted_columns,
        living_workers,
        refused_deliveries,
        standings,
    )
    from sync.jobs import fleet, pauses, takers

    found = standings()
    workers, dead = living_workers(), dead_jobs()
    refused, drifted = refused_deliveries(), drifted_columns()
    paused, drained = pauses.in_force(), fleet.state()
    left = takers.neglected(takers.takers())
    if options.json:
        entities = [standing.plain() for standing in found]
        troubles = {"failed_jobs": dead, "refused_deliveries": refused, "drifted_columns": drifted}
        stopped = {"drained": drained["draining_since"] is not None, "paused": [one.scope for one in paused]}
        print_json({"workers": workers, **stopped, "neglected": left, **troubles, "entities": entities})
        return OK

    print_table(COLUMNS, map(_row, found), empty="No entity is declared: name a system in BRIDGE_SYSTEMS.")
    print()
    print("A worker is alive." if workers else "No worker is alive: start `bridge up` or `bridge worker`.")
    for line in _stopped(drained, paused):
        print(line)
    if left:
        print(f"No worker takes what waits: {', '.join(left)}; see `bridge workers`.")
    if dead:
        print(f"Failed jobs that wait for a person: {dead}; see `bridge jobs list --status dead`.")
    for target, rows in refused.items():
        print(f"Records that {target} refused: {rows:,}; see `bridge deliveries`.")
    for standing in found:
        if standing.deletes_held:
            since = ago(standing.deletes_held_since)
            print(f"Deletes of {standing.entity} are held back since {since}: {standing.deletes_held}")
    if drifted:
        print(f"Columns of sources that changed: {drifted}; see `bridge drift`.")
    return OK


def _row(standing: Standing) -> tuple[Any, ...]:
    return (
        standing.entity,
        standing.records,
        standing.pending,
        standing.failed,
        ago(standing.last_sync_at),
        standing.job_status,
        "paused" if standing.state == "paused" else brief(standing.job_error),
    )


def _stopped(drained: Mapping[str, Any], paused: Sequence[Pause]) -> Iterator[str]:
    """What starts nothing although work may wait for it."""
    if since := drained["draining_since"]:
        yield f"Workers are drained by {drained['drained_by']}, {ago(since)}: see `bridge workers`."
    for one in paused:
        told = f", {ago(one.since)} by {one.by}" if one.since else ""
        yield f"{one.scope} is paused{told}{f': {one.reason}' if one.reason else ''}; see `bridge pause`."
