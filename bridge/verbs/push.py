"""Write what changed to a target now; --dry-run tells what would be created, updated and deleted.

bridge push schedulehub                                 every entity that goes there
bridge push schedulehub apismith.items --dry-run        nothing is sent, nothing is written

With --wait the exit code says how they ended, as with `bridge sync`.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from uuid import UUID

from bridge.exits import FAILED, OK
from bridge.printing import print_json, print_table
from bridge.verbs.values import seconds
from sync.errors import InvalidRequest


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("target", metavar="TARGET", help="such as schedulehub")
    parser.add_argument("entity", metavar="ENTITY", nargs="?", help="such as apismith.items; all by default")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be done")
    parser.add_argument("--wait", action="store_true", help="stay until they have ended")
    parser.add_argument("--timeout", type=seconds, metavar="SECONDS", help="with --wait: at most so long")
    parser.add_argument("--reason", metavar="WORDS", help="kept in the audit")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Ask for the pushes, or tell what they would do."""
    if (options.wait and options.dry_run) or (options.timeout and not options.wait):
        raise InvalidRequest("--wait goes without --dry-run, --timeout with --wait.", code="bad_parameter")
    return _tell(options) if options.dry_run else _ask(options)


def _ask(options: Namespace) -> int:
    from bridge.person import actor
    from sync.targets.asking import pushed_to, start_push

    found = pushed_to(options.target, options.entity)
    jobs = {
        entity.path: start_push(entity, options.target, by=actor(), reason=options.reason) for entity in found
    }
    if options.json:
        print_json({path: str(wanted.job.id) for path, wanted in jobs.items()})
    for path, wanted in () if options.json or options.wait else jobs.items():
        print(f"{'Asked for' if wanted.created else 'Already under way:'} {path}, job {wanted.job.id}.")
    return _wait([wanted.job.id for wanted in jobs.values()], options) if options.wait else OK


def _wait(jobs: list[UUID], options: Namespace) -> int:
    from bridge.following import stay

    return OK if stay(jobs, seconds=options.timeout, quiet=options.json) else FAILED


def _tell(options: Namespace) -> int:
    from sync.targets.asking import push_of, pushed_to
    from sync.targets.preview import preview

    found = pushed_to(options.target, options.entity)
    told = {entity.path: preview(entity, push_of(entity, options.target)).as_json() for entity in found}
    if options.json:
        print_json(told)
        return OK
    names = ("create", "update", "delete", "waiting", "unchanged")
    print_table(
        ("entity", *names),
        ((path, *(f"{facts[name]:,}" for name in names)) for path, facts in told.items()),
        empty="Nothing goes there.",
    )
    return OK
