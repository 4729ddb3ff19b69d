"""Run jobs until told to stop; on SIGTERM it takes no more and hands back what it has not finished."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace

from bridge.verbs.values import count


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--queues", metavar="A,B", help="only these queues (of system, interactive, sync)")
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
    queues = [name.strip() for name in options.queues.split(",") if name.strip()] if options.queues else None
    return run_worker(queues=queues, concurrency=options.concurrency)
