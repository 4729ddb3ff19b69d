"""Write what changed to a target now; --dry-run tells what would be created, updated and deleted.

bridge push schedulehub                                 every entity that goes there
bridge push schedulehub apismith.items --dry-run        nothing is sent, nothing is written
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from bridge.exits import OK
from bridge.printing import print_json, print_table


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("target", metavar="TARGET", help="such as schedulehub")
    parser.add_argument("entity", metavar="ENTITY", nargs="?", help="such as apismith.items; all by default")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be done")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Ask for the pushes, or tell what they would do."""
    return _tell(options) if options.dry_run else _ask(options)


def _ask(options: Namespace) -> int:
    from bridge.person import actor
    from sync.targets.asking import pushed_to, start_push

    found = pushed_to(options.target, options.entity)
    jobs = {entity.path: start_push(entity, options.target, by=actor()) for entity in found}
    if options.json:
        print_json({path: str(wanted.job.id) for path, wanted in jobs.items()})
        return OK
    for path, wanted in jobs.items():
        print(f"{'Asked for' if wanted.created else 'Already under way:'} {path}, job {wanted.job.id}.")
    return OK


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
