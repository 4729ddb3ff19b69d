"""What waits for its turn: lanes in which jobs go one after another, and the job that the others wait for.

bridge lanes                          those in which a job waits, or that a dead job stops
bridge lanes --dead                   only those that a dead job stops: `bridge jobs retry ID` or `resolve ID`
bridge lanes --lane netsuite.order:4711
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from bridge.exits import OK
from bridge.printing import ago, print_json, print_table
from bridge.verbs.values import count

if TYPE_CHECKING:
    from sync.models import LaneRow


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--lane", help="only this one")
    parser.add_argument("--dead", action="store_true", help="only those that a dead job stops")
    parser.add_argument("--limit", type=count, default=50, help="at most so many (default 50)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Print them."""
    from api.lanes import shown
    from sync.jobs import lane_words
    from sync.jobs.standstill import look
    from sync.models import Job, LaneRow

    rows = LaneRow.objects.select_related("job").order_by("lane")
    if options.lane:
        rows = rows.filter(lane=options.lane)
    if options.dead:
        rows = rows.filter(job__status=Job.Status.FAILED)
    found = list(rows[: options.limit])
    if options.json:
        print_json(shown(found))
        return OK
    now = look()
    print_table(
        ("lane", "waiting#", "since", "why"),
        ((row.lane, row.waiting, _since(row), lane_words.why(row.job, now)) for row in found),
        empty="Nothing waits for its turn.",
    )
    return OK


def _since(row: LaneRow) -> str:
    return ago(row.waiting_since) if row.waiting_since else ""
