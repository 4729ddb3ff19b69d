"""The columns that changed at a source: new ones, missing ones, those with values of another type.

bridge drift                              those that wait for somebody
bridge drift list --all                   every column that a row had or a field reads
bridge drift acknowledge ID --reason WORDS
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from bridge.exits import OK
from bridge.printing import ago, print_json, print_table
from bridge.verbs.values import number
from sync.errors import InvalidRequest


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("act", nargs="?", choices=("list", "acknowledge"), default="list")
    parser.add_argument("id", nargs="?", type=number, metavar="ID", help="of the column, for acknowledge")
    parser.add_argument("--entity", help="only columns of this entity's source")
    parser.add_argument("--all", action="store_true", help="the known, never seen and acknowledged ones too")
    parser.add_argument("--reason", default="", help="kept with the act")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Do it, and print what came of it."""
    return _list(options) if options.act == "list" else _acknowledge(options)


def _list(options: Namespace) -> int:
    from api.serializers import SourceColumnSerializer
    from sync import drift
    from sync.models import SourceColumn
    from sync.registry import registry

    rows = SourceColumn.objects.select_related("entity").order_by("entity__path", "name")
    if options.entity:
        rows = rows.filter(entity__path=registry.find(options.entity).path)
    shown = rows if options.all else rows.filter(drift.OPEN)
    if options.json:
        print_json(SourceColumnSerializer(shown, many=True).data)
        return OK
    print_table(
        ("id", "entity", "state", "since", "what happened"),
        ((c.pk, c.entity.path, c.state, ago(c.changed_at), drift.words(c)) for c in shown),
        empty="No source has changed its columns.",
    )
    if unseen := [f"{c.entity.path} {c.name}" for c in rows.filter(state="unseen")]:
        print(f"Declared, and never seen in a row, which is no change: {', '.join(unseen)}.")
    return OK


def _acknowledge(options: Namespace) -> int:
    from bridge.person import actor
    from sync import drift

    if options.id is None:
        raise InvalidRequest("Name the column: bridge drift acknowledge ID; `bridge drift` lists them.")
    column = drift.acknowledge(options.id, by=actor(), reason=options.reason or None)
    if options.json:
        print_json({"id": column.pk, "acknowledged_by": column.acknowledged_by})
        return OK
    print(f"Acknowledged: {drift.words(column)}")
    return OK
