"""`bridge jobs tree ID`: a job with all that came of it."""

from __future__ import annotations

from argparse import Namespace
from uuid import UUID

from bridge.exits import OK
from bridge.printing import brief, print_json, print_table


def print_tree(job_id: UUID, options: Namespace) -> int:
    """Print the whole tree in which the job stands."""
    from api.job_tree import find, shown

    tree = shown(find(str(job_id)))
    if options.json:
        print_json(tree)
        return OK
    print_table(
        ("job", "kind", "entity", "status", "error"),
        (
            (
                "  " * item["depth"] + item["id"],
                item["kind"],
                item["entity"] or "",
                f"{item['status']} ({item['hold']})" if item["hold"] else item["status"],
                brief(item["error"], 60),
            )
            for item in tree["items"]
        ),
        empty="No such job.",
    )
    if tree["more"]:
        print(f"There are more; these are the first {len(tree['items'])}.")
    return OK
