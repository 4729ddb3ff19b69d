"""Run jobs until told to stop; on SIGTERM it takes no more and hands back what it has not finished."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace

from bridge.verbs.values import count, names


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--queues",
        metavar="A,B",
        type=names,
        help="only these queues, of system, interactive, command, short, sync (BRIDGE_WORKER_QUEUES)",
    )
    parser.add_argument(
        "--kinds",
        metavar="A,B",
        type=names,
        help="only these kinds of jobs, as in `bridge jobs list` (BRIDGE_WORKER_KINDS)",
    )
    parser.add_argument("--concurrency", type=count, help="jobs at once in the queue of syncs")
    parser.add_argument("--pretty", action="store_true", help="log in words instead of JSON lines")


def run(options: Namespace) -> int:
    """Work until told to stop; returns the worker's exit code."""
    if options.pretty:
        os.environ["BRIDGE_LOG_PRETTY"] = "true"
    from bridge.logging import configure
    from bridge.prepare import ensure_checked
    from sync.jobs.worker import run_worker

    configure("worker")
    ensure_checked()
    return run_worker(queues=options.queues, concurrency=options.concurrency, only=options.kinds)
