"""Read an entity anew, all of it; without --yes it only tells what would be touched.

bridge resync ENTITY                  what reading all of it again touches (--yes does it)
bridge resync ENTITY --mode empty     the same, its records marked deleted first: start over, forget what is here

With `keep` the records go on being served while they are read. With `empty` those that the far end has no more stay
deleted, mends and failed records are forgotten, and what was emptied can be brought back: `bridge deletes undo ID`.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from bridge.exits import OK, say
from bridge.printing import print_json

if TYPE_CHECKING:
    from sync.resync import Preview


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("entity", metavar="ENTITY", help="such as netsuite.customers, or a bare name it owns")
    parser.add_argument("--mode", choices=("keep", "empty"), default="keep", help="(keep)")
    parser.add_argument("--yes", action="store_true", help="do it")
    parser.add_argument("--reason", default="", help="kept with the act")
    parser.add_argument("--json", action="store_true", help="print JSON: the preview, or the job")


def run(options: Namespace) -> int:
    """Tell what would be touched, or do it."""
    from api.jobs import shown
    from bridge.figures import nobody_works
    from bridge.person import actor
    from sync import resync
    from sync.registry import registry

    registered = registry.find(options.entity)
    if not options.yes:
        _tell(resync.preview(registered, options.mode), options)
        return OK
    job = resync.start(
        registered, options.mode, by=actor(), confirm=registered.path, reason=options.reason or None
    )
    if waits := nobody_works():
        say(waits)
    if options.json:
        print_json(shown([job])[0])
    else:
        print(f"Asked for, job {job.pk}; `bridge status` shows it.")
    return OK


def _tell(preview: Preview, options: Namespace) -> None:
    if options.json:
        print_json(preview.told())
        return
    print(f"{preview.entity}, mode {preview.mode}:")
    for line in preview.lines():
        print(f"  {line}")
    say("Nothing was done: add --yes to do it.")
