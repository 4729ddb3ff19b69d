"""`bridge jobs` by filter: which jobs are meant, and one act on all of them."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from bridge.errors import StartError
from bridge.exits import OK, say
from bridge.printing import ago, print_json, print_table

if TYPE_CHECKING:
    from sync.jobs.selecting import Selection

FILTERS = ("status", "kind", "entity", "code", "error", "since", "until", "lane", "parent")
ACTS = ("retry", "cancel", "resolve")


def arguments(parser: ArgumentParser) -> None:
    """Declare the options that say which jobs."""
    words = (
        "pending, processing, success, failed, cancelled; dead (failed, not resolved), resolved, unfinished"
    )
    parser.add_argument("--status", help=words)
    parser.add_argument("--kind", help="only of this kind")
    parser.add_argument("--entity", help="only jobs of this entity")
    parser.add_argument("--code", help="only those whose error has this code")
    parser.add_argument("--error", metavar="WORDS", help="only those whose error has these words")
    parser.add_argument("--param", action="append", metavar="PATH=VALUE", help="such as target=hub, key.id=7")
    parser.add_argument("--since", metavar="MOMENT", help="asked for from this moment on (UTC)")
    parser.add_argument("--until", metavar="MOMENT", help="asked for before this moment (UTC)")
    parser.add_argument("--lane", help="only those that stand in this lane")
    parser.add_argument("--parent", metavar="ID", help="only those that this job asked for")
    parser.add_argument(
        "--preview", action="store_true", help="of an act by filter: only tell what it would find"
    )
    parser.add_argument("--per-second", type=float, metavar="N", help="of an act by filter: at most so many")


def selected(options: Namespace) -> Selection:
    """The jobs that the options name. Raises InvalidRequest, UnknownEntity, StartError (bad_param)."""
    from sync.jobs.selecting import Selection

    given = {name: getattr(options, name) for name in FILTERS if getattr(options, name)}
    for text in options.param or ():
        path, equals, value = text.partition("=")
        if not equals:
            raise StartError("bad_param", f"--param is PATH=VALUE, such as target=hub, not {text!r}.")
        given[f"params.{path}"] = value
    return Selection.of(given)


def run(options: Namespace) -> int:
    """Do the act to all of them, or tell what it would find."""
    from api.jobs import find, shown
    from bridge.figures import nobody_works
    from bridge.person import actor
    from sync.jobs import many

    selection = selected(options)
    if options.preview:
        return _preview(selection, options)
    job = many.start(
        selection,
        options.act,
        by=actor(),
        reason=options.reason or None,
        per_second=options.per_second,
    )
    if waits := nobody_works():
        say(waits)
    if options.json:
        print_json(shown([find(str(job.pk))])[0])
    else:
        print(f"Job {job.pk} does it; `bridge jobs show {job.pk}` says how far it is.")
    return OK


def dead(options: Namespace) -> int:
    """Print how many jobs are dead, by entity, kind and error."""
    from sync.jobs.dead import counts

    found = counts()
    if options.json:
        print_json([one.told() for one in found])
        return OK
    print_table(
        ("entity", "kind", "error", "jobs#", "oldest", "newest", "the newest"),
        (
            (
                one.entity,
                one.kind,
                one.code,
                one.jobs,
                ago(one.oldest_at),
                ago(one.newest_at),
                str(one.newest),
            )
            for one in found
        ),
        empty="No dead job: nothing waits for a person.",
    )
    return OK


def _preview(selection: Selection, options: Namespace) -> int:
    from sync.jobs import many

    found = many.preview(selection, options.act)
    if options.json:
        print_json(found.told())
        return OK
    rows = [(f"{options.act}: makes sense", found.fit)]
    rows += [(f"left alone: {state}", number) for state, number in sorted(found.refused.items())]
    print_table(("jobs that are like that (nothing was done)", "jobs#"), rows, empty="")
    return OK
