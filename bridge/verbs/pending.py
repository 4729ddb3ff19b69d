"""The rows that wait for their parent, oldest first."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from bridge.exits import OK
from bridge.printing import ago, print_json, print_table, say_rest
from bridge.verbs.values import count

COLUMNS = ("entity", "key", "waits_for", "since", "tries", "next_try_at")


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--entity", help="only rows of this entity")
    parser.add_argument("--limit", type=count, default=50, help="at most so many (default 50)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Print them."""
    from sync.keys import key_text
    from sync.models import PendingChild
    from sync.registry import registry

    rows = PendingChild.objects.select_related("entity", "parent_entity").order_by("id")
    if options.entity:
        rows = rows.filter(entity__path=registry.find(options.entity).path)
    found = [
        (
            child.entity.path,
            key_text(registry.find(child.entity.path), child.data),
            child.parent_entity.path,
            child.created_at,
            child.tries,
            child.next_try_at,
        )
        for child in rows[: options.limit]
    ]
    say_rest(len(found), rows, options.limit)
    if options.json:
        print_json([dict(zip(COLUMNS, row, strict=True)) for row in found])
        return OK
    print_table(
        ("entity", "key", "waits for", "since", "tries#"),
        ((*row[:3], ago(row[3]), row[4]) for row in found),
        empty="No row waits for its parent.",
    )
    return OK
