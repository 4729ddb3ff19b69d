"""How many jobs of an entity or a system run at once, over all workers. Changes count from the next start on.

bridge limits                                 all, with what runs and waits
bridge limits show system:netsuite
bridge limits set entity:netsuite.customers 3
bridge limits set system:netsuite none        no limit: a system's only
bridge limits pause system:netsuite --reason "NetSuite is down for the weekend"
bridge limits resume system:netsuite
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from bridge.errors import StartError
from bridge.exits import OK
from bridge.printing import print_json, print_table

ACTS = ("list", "show", "set", "pause", "resume")


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("act", nargs="?", choices=ACTS, default="list", metavar="|".join(ACTS))
    parser.add_argument("scope", nargs="?", metavar="SCOPE", help="such as system:netsuite, for all but list")
    parser.add_argument("most", nargs="?", metavar="N", help="set: jobs at once, or none")
    parser.add_argument("--reason", default="", help="kept with the act")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: Namespace) -> int:
    """Do it, and print what came of it."""
    from api.limits import shown
    from sync.jobs import limit_acts
    from sync.models import ScopeLimit

    if options.act == "list":
        rows = shown(list(ScopeLimit.objects.order_by("scope")))
    elif options.scope is None:
        raise StartError(
            "id_missing", f"`bridge limits {options.act}` needs a scope: `bridge limits` shows them."
        )
    elif options.act == "show":
        rows = shown([limit_acts.find(options.scope)])
    else:
        rows = [_change(options)]
    if options.json:
        print_json(rows if options.act == "list" else rows[0])
        return OK
    print_table(
        ("scope", "at once#", "running#", "waiting#", ""),
        (
            (
                row["scope"],
                "-" if row["most"] is None else row["most"],
                row["running"],
                row["waiting"],
                "paused" if row["paused"] else "",
            )
            for row in rows
        ),
        empty="No limits: `bridge migrate` makes those of declared entities.",
    )
    return OK


def _change(options: Namespace) -> dict[str, Any]:
    from api.limits import shown
    from bridge.person import actor
    from sync.jobs import limit_acts

    reason = options.reason or None
    if options.act == "set":
        row = limit_acts.change(options.scope, most=_number(options.most), by=actor(), reason=reason)
    else:
        row = limit_acts.change(options.scope, paused=options.act == "pause", by=actor(), reason=reason)
    return shown([row])[0]


def _number(text: str | None) -> Any:
    """What was written as the limit; the engine refuses what is none."""
    if text is None:
        raise StartError("number_missing", "`bridge limits set SCOPE` needs a number, or none.")
    if text == "none":
        return None
    return int(text) if text.isascii() and text.isdigit() else text
