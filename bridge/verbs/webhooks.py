"""What far ends told by themselves, newest first, and what became of it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from bridge.exits import OK
from bridge.printing import ago, print_json, print_table, say_rest
from bridge.verbs.values import count


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--entity", help="only those of this entity")
    parser.add_argument("--state", choices=("waiting", "done"))
    parser.add_argument("--limit", type=count, default=50, help="at most so many (default 50)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Print them."""
    from api.serializers import InboundSerializer
    from sync.models import Inbound
    from sync.registry import registry
    from sync.webhooks.words import in_words

    rows = Inbound.objects.select_related("entity").defer("body").order_by("-id")
    if options.entity:
        rows = rows.filter(entity__path=registry.find(options.entity).path)
    if options.state:
        rows = rows.filter(state=options.state)
    found = list(rows[: options.limit])
    say_rest(len(found), rows, options.limit)
    if options.json:
        print_json(InboundSerializer(found, many=True).data)
        return OK
    print_table(
        ("received", "entity", "delivery", "told", "state", "came of it", "repeated#"),
        (
            (
                ago(one.received_at),
                one.entity.path if one.entity else one.door,
                one.delivery_id,
                in_words(one.told),
                one.state,
                in_words(one.result),
                one.repeated,
            )
            for one in found
        ),
        empty="Nothing came in.",
    )
    return OK
