"""Read a range of an entity in windows, over days, beside its syncs.

bridge backfill start ENTITY --from 1 --to 7000001 --rows-per-day 1000000
bridge backfill start ENTITY --by cursor --from 2019-01-01 --window 7d --hours 22-6
    --preview only tells what it would be; `from` is included, `to` is not; hours and days are UTC
bridge backfill                       how far each is, and when it is expected to end
bridge backfill show ID               one, with what each day took and the windows that failed
bridge backfill pause ID              ask for no more; what is read keeps its place
bridge backfill resume ID             go on; windows that failed are tried again
bridge backfill cancel ID             end it; what is committed stays
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bridge.errors import StartError
from bridge.exits import OK, say
from bridge.printing import print_json, print_table
from bridge.verbs.ids import identifier
from bridge.verbs.values import count

if TYPE_CHECKING:
    from sync.backfill.plan import Asked

ACTS = ("list", "start", "show", "pause", "resume", "cancel")
STATES = ("running", "paused", "done", "cancelled")


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("act", nargs="?", choices=ACTS, default="list", metavar="|".join(ACTS))
    parser.add_argument("of", nargs="?", metavar="ENTITY|ID", help="an entity to start, else an id")
    parser.add_argument("--by", help="key or cursor; by default the cursor where the source can")
    parser.add_argument("--from", dest="low", metavar="A", help="the first key or moment")
    parser.add_argument("--to", dest="high", metavar="B", help="the one after the last; by cursor now")
    parser.add_argument("--window", help="keys (50000), or by cursor a time such as 6h or 7d (1d)")
    parser.add_argument("--rows-per-day", metavar="N", help="at most so many rows a UTC day")
    parser.add_argument("--hours", metavar="22-6", help="UTC hours in which it reads")
    parser.add_argument("--workers", metavar="N", help="windows at once (2)")
    parser.add_argument("--preview", action="store_true", help="start nothing, tell what it would be")
    parser.add_argument("--entity", help="list: only of this entity")
    parser.add_argument("--state", choices=STATES, help="list: only those in this state")
    parser.add_argument("--limit", type=count, default=20, help="list: at most so many (default 20)")
    parser.add_argument("--reason", default="", help="kept with the act")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Do it, and print what came of it."""
    if options.act == "list":
        return _list(options)
    if options.act == "start":
        return _start(options)
    backfill_id = identifier("backfill", options.act, options.of)
    if options.act == "show":
        print_json(_detailed(backfill_id))
        return OK
    return _act(backfill_id, options)


def _list(options: Namespace) -> int:
    from api.backfills import shown
    from sync.models import Backfill
    from sync.registry import registry

    rows = Backfill.objects.select_related("entity").order_by("-id")
    if options.state:
        rows = rows.filter(state=options.state)
    if options.entity:
        rows = rows.filter(entity__path=registry.find(options.entity).path)
    found = shown(list(rows[: options.limit]))
    if options.json:
        print_json(found)
        return OK
    print_table(
        ("id", "entity", "state", "range", "rows#", "of#", "done", "expected end", "waits for"),
        (_row(item) for item in found),
        empty="No backfill; `bridge backfill start ENTITY --from … --to …` starts one.",
    )
    return OK


def _row(item: dict[str, Any]) -> tuple[Any, ...]:
    progress = item["progress"]
    end = progress["expected_end"]
    return (
        item["id"],
        item["entity"],
        item["state"],
        f"{item['by']} {item['from']} … {item['to']}",
        progress["rows"],
        progress["rows_expected"],
        f"{progress['share']:.0%}",
        f"{end:%Y-%m-%d %H:%M} UTC" if end else "",
        item["remark"] or progress["waits"],
    )


def _start(options: Namespace) -> int:
    from bridge.figures import nobody_works
    from bridge.person import actor
    from sync.backfill import acts
    from sync.backfill.plan import plan

    asked = _asked(options)
    if options.preview:
        _tell_plan(plan(asked).told(), options)
        return OK
    backfill = acts.start(asked, by=actor(), reason=options.reason or None)
    if waits := nobody_works():
        say(waits)
    if options.json:
        print_json(_detailed(backfill.pk))
    else:
        print(f"Started backfill {backfill.pk}; `bridge backfill` shows how far it is.")
    return OK


def _asked(options: Namespace) -> Asked:
    from sync.backfill.plan import Asked

    if not options.of:
        raise StartError("entity_missing", "Name the entity: `bridge backfill start ENTITY --from … --to …`.")
    return Asked(
        entity=options.of,
        by=options.by,
        low=options.low,
        high=options.high,
        window=options.window,
        rows_per_day=options.rows_per_day,
        hours=options.hours,
        workers=options.workers,
    )


def _tell_plan(told: dict[str, Any], options: Namespace) -> None:
    if options.json:
        print_json(told)
        return
    rows = told["rows_expected"]
    end = told["expected_end"]
    print(f"{told['entity']} by {told['by']}, from {told['from']}, below {told['to']}")
    print(f"{told['windows']:,} windows of {told['window']}, {told['at_once']} at once")
    print(f"{rows:,} rows at the far end now" if rows is not None else told["rows_unknown"])
    if told["rows_per_day"]:
        print(f"{told['rows_per_day']:,} rows a day at most")
    if told["hours"]:
        print(f"in the hours {told['hours']} UTC")
    if end:
        print(f"done not before {end:%Y-%m-%d %H:%M} UTC")


def _act(backfill_id: UUID, options: Namespace) -> int:
    from bridge.person import actor
    from sync.backfill import acts

    known = {
        "pause": (acts.pause, "Paused: what is read keeps its place."),
        "resume": (acts.resume, "Resumed: it goes on where it stands."),
        "cancel": (acts.cancel, "Cancelled: what is committed stays."),
    }
    call, said = known[options.act]
    call(backfill_id, by=actor(), reason=options.reason or None)
    if options.json:
        print_json(_detailed(backfill_id))
    else:
        print(said)
    return OK


def _detailed(backfill_id: UUID) -> dict[str, Any]:
    from api.backfills import detailed
    from sync.backfill.acts import find

    return detailed(find(backfill_id))
