"""What was committed together: how many rows came of it here, and at the targets.

bridge batches                            the newest
bridge batches list --entity items        those of an entity; --job ID: of a job
bridge batches show ID                    one, with the seconds of each stage, and what its targets made of it;
                                          without an id the newest (--entity, --job)
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bridge.exits import OK
from bridge.printing import ago, print_json, print_table, say_rest
from bridge.verbs.ids import identifier
from bridge.verbs.values import count

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from sync.models import Batch

NONE = "No such batch."
COUNTS = ("rows_fetched", "validated", "inserted", "updated", "skipped", "pending", "failed", "success_rate")
THERE = ("inserted", "updated", "deleted", "conflicts", "failed")
WHOLE = ("rows_fetched", "inserted", "updated", "skipped", "waiting", "failed", "success_rate")


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("act", nargs="?", choices=("list", "show"), default="list", metavar="list|show")
    parser.add_argument("id", nargs="?", metavar="ID", help="of the batch, for show; else the newest")
    parser.add_argument("--entity", help="only batches of this entity")
    parser.add_argument("--job", metavar="ID", help="only batches of this job")
    parser.add_argument("--limit", type=count, default=20, help="at most so many (default 20)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Print them."""
    return _show(options) if options.act == "show" else _list(options)


def _list(options: Namespace) -> int:
    from api.serializers import BatchSerializer

    rows = _chosen(options)
    found = list(rows[: options.limit])
    say_rest(len(found), rows, options.limit)
    shown = [dict(item) for item in BatchSerializer(found, many=True).data]
    if options.json:
        print_json(shown)
        return OK
    print_table(
        ("id#", "entity", *(_word(name) for name in COUNTS), "committed", "job"),
        (
            (str(b["id"]), b["entity"], *_counted(b["counts"], COUNTS), ago(row.committed_at), b["job_id"])
            for b, row in zip(shown, found, strict=True)
        ),
        empty=NONE,
    )
    return OK


def _chosen(options: Namespace) -> QuerySet[Batch]:
    from sync.models import Batch
    from sync.registry import registry

    rows = Batch.objects.select_related("entity").defer("seen").order_by("-id")
    if options.entity:
        rows = rows.filter(entity__path=registry.find(options.entity).path)
    if options.job:
        rows = rows.filter(job_id=identifier("batches", "list --job", options.job))
    return rows


def _show(options: Namespace) -> int:
    from api.batches import find
    from api.serializers import BatchDetailSerializer

    newest = None if options.id else _chosen(options).values_list("pk", flat=True).first()
    if not options.id and newest is None:
        print(NONE)
        return OK
    batch = dict(BatchDetailSerializer(find(options.id or str(newest))).data)
    if options.json:
        print_json(batch)
        return OK
    for name in ("id", "entity", "job_id", "committed_at", "first_error"):
        print(f"{name:<14} {batch[name] if batch[name] is not None else ''}")
    print()
    _print("here", COUNTS, {"bridge": batch["counts"]})
    _print("at target", THERE, batch["targets"])
    _print("source to target", WHOLE, {name: found["end_to_end"] for name, found in batch["targets"].items()})
    times = sorted(batch["stage_ms"].items(), key=lambda took: -took[1])
    print_table(("stage", "seconds#"), ((stage, f"{ms / 1000:.3f}") for stage, ms in times), empty="")
    return OK


def _print(title: str, names: tuple[str, ...], found: dict[str, Any]) -> None:
    if found:
        rows = ((name, *_counted(counts, names)) for name, counts in found.items())
        print_table((title, *(_word(name) for name in names)), rows, empty="")
        print()


def _counted(counts: dict[str, Any], names: tuple[str, ...]) -> Iterator[Any]:
    for name in names:
        yield f"{counts[name]:.2f} %" if name == "success_rate" else counts[name]


def _word(name: str) -> str:
    return name.replace("_", " ") + "#"
