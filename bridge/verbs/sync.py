"""Read what changed in an entity since its last sync; --full reads all of it, --since from a moment on.

A sync of the same kind that is still under way is joined, not doubled. With --wait the exit code says how it
ended: 0 in success, 1 failed, cancelled, waiting for a person, or not ended when the wait was over: after
--timeout SECONDS, or 30 seconds without a worker.

--dry-run only tells what would be inserted, updated, deleted and pushed, and what would fail: it asks the far end,
here and now, for at most 100 pages (--pages), and writes nothing. With --recorded FILE it asks nobody: the answers
are those that `bridge record` wrote down.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from uuid import UUID

from bridge.exits import FAILED, OK, say
from bridge.printing import print_json
from bridge.verbs.values import count, seconds
from sync.errors import InvalidRequest


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("entity", metavar="ENTITY", help="such as netsuite.customers, or a bare name it owns")
    parser.add_argument("--full", action="store_true", help="read everything, whatever is here already")
    parser.add_argument("--since", metavar="T", help="a moment in ISO 8601, such as 2026-01-31T10:30:00Z")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be done")
    parser.add_argument(
        "--recorded", type=Path, metavar="FILE", help="with --dry-run: answers of `bridge record`"
    )
    parser.add_argument(
        "--pages", type=count, metavar="N", help="with --dry-run: at most so many (default 100)"
    )
    parser.add_argument("--wait", action="store_true", help="show its progress and stay until it has ended")
    parser.add_argument("--timeout", type=seconds, metavar="SECONDS", help="with --wait: at most so long")
    parser.add_argument("--reason", metavar="WORDS", help="kept in the audit")
    parser.add_argument("--json", action="store_true", help="print the job as JSON")


def run(options: Namespace) -> int:
    """Ask for the sync, and wait for it where asked to."""
    from bridge.figures import nobody_works
    from bridge.person import actor
    from sync.registry import registry
    from sync.start import start_sync

    if options.dry_run:
        return _dry_run(options)
    if options.recorded or options.pages:
        raise InvalidRequest("--recorded and --pages are for a --dry-run: add that.", code="bad_parameter")
    if options.timeout and not options.wait:
        raise InvalidRequest("--timeout says how long to --wait: add that.", code="bad_parameter")
    registered, reason = registry.find(options.entity), options.reason
    wanted = start_sync(registered, since=options.since, full=options.full, by=actor(), reason=reason)
    if waits := nobody_works():
        say(waits)
    code = _wait(wanted.job.id, options) if options.wait else OK
    if options.json:
        print_json(_shown(str(wanted.job.id)))
    elif not options.wait:
        verb = "Asked for" if wanted.created else "Already under way:"
        print(f"{verb} {registered.path}, job {wanted.job.id}; `bridge status` shows it.")
    return code


def _dry_run(options: Namespace) -> int:
    from bridge.dry_run import print_report
    from sync.pipeline.dryrun.run import try_sync
    from sync.recording.play import opened
    from sync.registry import registry
    from sync.start import PAGES, asked_params, most_pages

    if options.wait or (options.recorded and (options.full or options.since)):
        message = (
            "A dry run never waits for a job, and a recording says itself since when it is: leave that out."
        )
        raise InvalidRequest(message, code="bad_parameter")
    registered = registry.find(options.entity)
    report = try_sync(
        registered,
        asked_params(registered, since=options.since, full=options.full),
        pages=most_pages(options.pages or PAGES),
        recording=opened(options.recorded) if options.recorded else None,
    )
    if options.json:
        print_json(report)
    else:
        print_report(report)
    return OK


def _wait(job_id: UUID, options: Namespace) -> int:
    from bridge.following import stay

    return OK if stay([job_id], seconds=options.timeout, quiet=options.json) else FAILED


def _shown(job_id: str) -> object:
    from api.jobs import find, shown

    return shown([find(job_id)])[0]
