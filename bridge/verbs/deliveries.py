"""What targets have of our records: what they refused or did not answer, in their words; send it again.

bridge deliveries                                         refused and unanswered ones, newest first
bridge deliveries list schedulehub --state waiting        those that wait for a parent, or for their time
bridge deliveries retry schedulehub --code LOCKED         send again all that was refused with this code
bridge deliveries retry schedulehub --id 17               send one again
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from bridge.exits import OK
from bridge.printing import ago, print_json, print_table
from bridge.verbs.values import count, number
from sync.errors import InvalidRequest

if TYPE_CHECKING:
    from sync.models import Delivery

STATES = ("sent", "acked", "refused", "unknown", "waiting")
TROUBLE = ("refused", "unknown")


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("act", nargs="?", choices=("list", "retry"), default="list")
    parser.add_argument("target", nargs="?", metavar="TARGET", help="such as schedulehub")
    parser.add_argument("--entity", help="only records of this entity")
    parser.add_argument(
        "--state", choices=STATES, help="for list: these instead of refused and unanswered ones"
    )
    parser.add_argument("--code", help="only those with this code")
    parser.add_argument("--id", type=number, metavar="ID", help="for retry: this one, of `bridge deliveries`")
    parser.add_argument("--limit", type=count, default=20, help="for list: at most so many (default 20)")
    parser.add_argument("--reason", default="", help="kept with the act")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Do it, and print what came of it."""
    if options.act == "list":
        return _list(options)
    return _retry_one(options) if options.id else _retry(options)


def _list(options: Namespace) -> int:
    from api.serializers import DeliverySerializer
    from sync.models import Delivery
    from sync.registry import registry

    rows = Delivery.objects.select_related("entity").order_by("-id")
    rows = rows.filter(state=options.state) if options.state else rows.filter(state__in=TROUBLE)
    for name in ("target", "code"):
        if value := getattr(options, name):
            rows = rows.filter(**{name: value})
    if options.entity:
        rows = rows.filter(entity__path=registry.find(options.entity).path)
    found = rows[: options.limit]
    if options.json:
        print_json(DeliverySerializer(found, many=True).data)
        return OK
    print_table(
        ("id", "target", "entity", "its id", "state", "code", "changed", "what it said"),
        map(_cells, found),
        empty="No target refused anything, or left it without an answer.",
    )
    return OK


def _cells(row: Delivery) -> tuple[object, ...]:
    said = str((row.answer or {}).get("message", ""))[:100]
    return (
        str(row.pk),
        row.target,
        row.entity.path,
        row.remote_id,
        row.state,
        row.code,
        ago(row.changed_at),
        said,
    )


def _retry_one(options: Namespace) -> int:
    from bridge.person import actor
    from sync.targets import acts

    job = acts.retry(options.id, by=actor(), reason=options.reason or None)
    if options.json:
        print_json({"job": str(job.id)})
    else:
        print(f"It is sent again by job {job.id}.")
    return OK


def _retry(options: Namespace) -> int:
    from bridge.person import actor
    from sync.targets import acts

    if not options.target:
        raise InvalidRequest("Name the target: `bridge deliveries retry schedulehub`, or one by --id.")
    asked = acts.retry_many(
        options.target, options.entity, code=options.code, by=actor(), reason=options.reason or None
    )
    if options.json:
        print_json({path: {"rows": rows, "job": str(job.id)} for path, (rows, job) in asked.items()})
        return OK
    for path, (rows, job) in asked.items():
        print(f"{rows:,} of {path} are sent again by job {job.id}.")
    if not asked:
        print("Nothing to send again.")
    return OK
