"""What each system allows, shared by all processes, what is left of it, and when the jobs that wait may be done.

bridge budget                                              every system
bridge budget show netsuite                                one, with what is declared
bridge budget set netsuite --rate 5 --concurrent 3 --reason WORDS
bridge budget set netsuite --per-day none                  no limit
bridge budget follow netsuite                              take the declaration's limits again
bridge budget resume netsuite                              end a pause, or ask one that failed again
"""

from __future__ import annotations

import math
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

from bridge.exits import OK
from bridge.printing import print_json, print_table
from sync.errors import InvalidRequest

if TYPE_CHECKING:
    from sync.budget.standing import Standing

ACTS = ("list", "show", "set", "follow", "resume")


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("act", nargs="?", choices=ACTS, default="list", metavar="|".join(ACTS))
    parser.add_argument("system", nargs="?", metavar="SYSTEM", help="such as netsuite, for all but list")
    parser.add_argument("--rate", type=amount, metavar="N", help="requests a second, or none")
    parser.add_argument("--burst", type=amount, metavar="N", help="requests at once after a pause")
    parser.add_argument("--concurrent", type=whole, metavar="N", help="requests under way at once, or none")
    parser.add_argument("--per-day", type=whole, metavar="N", help="requests a day, or none")
    parser.add_argument("--reason", default="", help="kept with the act")
    parser.add_argument("--json", action="store_true", help="print JSON")


def amount(text: str) -> float:
    """A number; `none` is told apart from what was left out as infinity."""
    return _read(text, float)


def whole(text: str) -> float:
    """A whole number, or `none`."""
    return _read(text, int)


def _read(text: str, kind: Callable[[str], float]) -> float:
    try:
        return math.inf if text == "none" else kind(text)
    except ValueError:
        what = "a whole number" if kind is int else "a number"
        raise ArgumentTypeError(f"{text!r} is not {what}: write one, or none for no limit.") from None


def run(options: Namespace) -> int:
    """Do it, and print what came of it."""
    from sync.budget.standing import standing_of, standings

    if options.act == "list":
        _print(standings(), options)
        return OK
    if not options.system:
        raise InvalidRequest(
            f"Name the system: bridge budget {options.act} netsuite; `bridge budget` lists them."
        )
    if options.act != "show":
        _act(options)
    _print([standing_of(options.system)], options)
    return OK


def _act(options: Namespace) -> None:
    from bridge.person import actor
    from sync.budget import acts

    by, reason = actor(), options.reason or None
    if options.act == "follow":
        acts.follow(options.system, by=by, reason=reason)
    elif options.act == "resume":
        acts.resume(options.system, by=by, reason=reason)
    else:
        given = {name: getattr(options, name) for name in acts.CHANGEABLE}
        changes = {name: None if math.isinf(n) else n for name, n in given.items() if n is not None}
        if not changes:
            raise InvalidRequest("Say what to set: --rate, --burst, --concurrent or --per-day.")
        acts.edit(options.system, changes, by=by, reason=reason)


def _print(found: list[Standing], options: Namespace) -> None:
    if options.json:
        from api.budget_shape import BudgetSerializer

        shown = BudgetSerializer(found, many=True).data
        print_json(shown if options.act == "list" else shown[0])
        return
    columns = ("system", "a second", "burst", "at once", "a day", "left", "speed", "paused until", "waiting")
    print_table(columns, map(_cells, found), empty="No system is declared.")
    for standing in found:
        if told := standing.told:
            limit = "" if told.limit is None else f" of {told.limit:,}"
            until = f" until {told.resets_at:%Y-%m-%d %H:%M:%S} UTC" if told.resets_at else ""
            ignored = f"; could not be read: {told.ignored}" if told.ignored else ""
            left = "?" if told.left is None else f"{told.left:,}"
            print(f"{standing.system} says that {left}{limit} requests are left{until}{ignored}.")
        if standing.edited:
            declared = ", ".join(f"{name} {value}" for name, value in asdict(standing.declared).items())
            print(f"The limits of {standing.system} are edited; declared are {declared}.")


def _cells(standing: Standing) -> tuple[object, ...]:
    limits, waiting = standing.limits, standing.backlog
    ends = f", done about {waiting.ends_at:%Y-%m-%d %H:%M:%S} UTC" if waiting.ends_at else ""
    quota = None if limits.per_day is None else f"{standing.used_today:,} of {limits.per_day:,}"
    slots = None if limits.concurrent is None else f"{standing.under_way} of {limits.concurrent}"
    return (
        standing.system,
        _plain(limits.rate),
        _plain(limits.burst),
        slots,
        quota,
        standing.remaining,
        _plain(standing.speed),
        _until(standing),
        f"{waiting.jobs:,} jobs, about {waiting.requests:,} requests{ends}" if waiting.jobs else None,
    )


def _until(standing: Standing) -> str | None:
    if standing.broken_until:
        return f"{standing.broken_until:%Y-%m-%d %H:%M:%S} UTC, failed {standing.failures} times"
    return f"{standing.paused_until:%Y-%m-%d %H:%M:%S} UTC" if standing.paused_until else None


def _plain(number: float | None) -> str | None:
    return None if number is None else f"{number:g}"
