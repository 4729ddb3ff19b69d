"""Read what changed in an entity since its last sync; --full reads all of it, --since from a moment on.

A sync of the same kind that is still under way is joined, not doubled. With --wait the exit code says how it
ended: 0 in success, 1 failed, cancelled or waiting for a person.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from bridge.exits import FAILED, OK, say
from bridge.printing import print_json


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("entity", metavar="ENTITY", help="such as netsuite.customers, or a bare name it owns")
    parser.add_argument("--full", action="store_true", help="read everything, whatever is here already")
    parser.add_argument("--since", metavar="T", help="a moment in ISO 8601, such as 2026-01-31T10:30:00Z")
    parser.add_argument("--wait", action="store_true", help="show its progress and stay until it has ended")
    parser.add_argument("--json", action="store_true", help="print the job as JSON")


def run(options: Namespace) -> int:
    """Ask for the sync, and wait for it where asked to."""
    from bridge.bars import Outcome
    from bridge.figures import living_workers
    from bridge.following import follow
    from bridge.person import actor
    from sync.registry import registry
    from sync.start import start_sync

    wanted = start_sync(registry.find(options.entity), since=options.since, full=options.full, by=actor())
    well = True
    if not living_workers():
        say("No worker is alive, so it waits: start `bridge up` or `bridge worker`.")
    if options.wait:
        (ended,) = follow([wanted.job.id], quiet=options.json, ends=False).values()
        well = ended.outcome is Outcome.SUCCESS
    if options.json:
        print_json(_shown(str(wanted.job.id)))
    elif options.wait:
        print(f"{ended.name}: {ended.words}")
    else:
        verb = "Asked for" if wanted.created else "Already under way:"
        print(f"{verb} {registry.find(options.entity).path}, job {wanted.job.id}; `bridge status` shows it.")
    return OK if well else FAILED


def _shown(job_id: str) -> object:
    from api.jobs import find, shown

    return shown([find(job_id)])[0]
