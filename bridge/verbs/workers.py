"""The worker processes that were heard of lately, and whether they take jobs.

bridge workers
bridge drain                          let all of them take no more; `bridge resume` ends it
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from bridge.exits import OK
from bridge.printing import ago, print_json, print_table


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Print them."""
    from api.workers import shown
    from sync.jobs import fleet, takers

    if options.json:
        print_json(shown())
        return OK
    state, running = fleet.state(), fleet.running_by_worker()
    if state["draining_since"]:
        reason = f": {state['reason']}" if state["reason"] else ""
        print(f"All are drained by {state['drained_by']}, {ago(state['draining_since'])}{reason}.")
    print_table(
        ("worker", "version", "queues", "kinds", "started", "running#", ""),
        (
            (
                worker.name,
                worker.version,
                ", ".join(worker.queues),
                ", ".join(worker.kinds) or "all",
                ago(worker.started_at),
                running.get(worker.name, 0),
                "drained" if worker.draining_since or state["draining_since"] else "",
            )
            for worker in fleet.living()
        ),
        empty="No worker was heard of lately: `bridge up` or `bridge worker` starts one.",
    )
    if left := takers.neglected(takers.takers()):
        print(f"Nobody takes what waits of these kinds: {', '.join(left)}.")
    return OK
