"""The table that is kept: deploy/crash-matrix.md."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import product
from pathlib import Path

from tests.chaos import far_end, faults
from tests.chaos.cells import FROZEN, HUB_FAULTS, NONE, PROCESSES, STOPPED
from tests.chaos.points import COMMAND_POINTS, LOAD_POINTS, POINTS, PUSH_POINTS
from tests.chaos.ran import Ran

PATH = Path(__file__).resolve().parents[2] / "deploy" / "crash-matrix.md"
WORDS = {
    NONE: "nothing",
    STOPPED: "worker, SIGTERM",
    FROZEN: "worker, frozen",
    "timeout": "no answer",
    "timeout_after": "half an answer, then silence",
    "half": "half a page, hung up",
    "again": "the page before again",
    "lost": "done, no answer",
    "denied": "done, says 500",
    "cut": "done, half an answer",
    "slow": "done late",
    "down": "not done, hung up",
    "restart": "restarted",
    "drop": "all connections killed",
    "away6": "away 6 s",
    "away60": "away 60 s",
    "full": "disk full",
}


def text(ran: Iterable[Ran]) -> str:
    """The whole file."""
    runs = list(ran)
    red = [one for one in runs if one.broken]
    waits = [one.recovery for one in runs if one.recovery is not None and "away" not in one.key]
    seeds = ", ".join(str(seed) for seed in sorted({one.seed for one in runs}))
    lines = [
        "# Crash matrix",
        "",
        "What is taken from a running Bridge in the middle of its work, where, and what holds afterwards.",
        "`python -m tests.chaos --long --write` runs all of it and writes this file; `--pairs` as few cells as put",
        "each two things together (a kill and its point, a fault of the far end, one of the database), `--short` a",
        "few, as CI does.",
        "A red cell says its seed: `python -m tests.chaos --seed N --only CELL` runs it again.",
        "",
        f"**{len(runs)} runs of {len({one.key for one in runs})} cells, {len(red)} red**; seeds {seeds}.",
        f"From the blow to the next attempt, where the database was not away: {_told(waits)}.",
        "",
        "After each run: the mirror holds each good row of the far end in its last version; each version is one",
        "revision, one entry of the feed and one of the history; nothing that the far end has is deleted; what",
        "it has no more is deleted, or the tracker says why not; unreadable rows and rows without a parent are",
        "listed; each row was committed once for the job; each attempt says how it ended; a calm read afterwards",
        "writes nothing. Of a page that is a lie (`again`) a client can't know: there nothing may be deleted or",
        "written twice, and the next calm read has to bring the rest. The far end that is written to has each good",
        "row once, in its last version, and its log of effects names no version twice; each message that was asked",
        "for was sent once, by a far end that knows no keys, and its command is proven.",
        "",
    ]
    for title, points, fars in (
        ("While a full read runs", POINTS, far_end.FAULTS),
        ("While an entity is read for the first time", LOAD_POINTS, far_end.FAULTS),
        ("While changes are written to a far end", PUSH_POINTS, HUB_FAULTS),
        ("While commands are asked for and sent", COMMAND_POINTS, HUB_FAULTS),
    ):
        some = [one for one in runs if parts(one)[1] in points]
        lines += [
            f"## {title}",
            "",
            f"{len(some)} runs. Where a number is followed by another, so many were red.",
            "",
        ]
        lines += _tables(some, points, fars) if some else []
    if red:
        lines += ["## Red", ""]
        lines += [f"- `{one.key}`, seed {one.seed}: {'; '.join(one.broken)[:300]}" for one in red]
    return "\n".join(lines).rstrip() + "\n"


def _told(waits: list[float]) -> str:
    if not waits:
        return "nobody waited"
    return (
        f"{max(waits):.1f} s at most, {sorted(waits)[len(waits) // 2]:.1f} s in the middle, of {len(waits)}"
    )


Place = tuple[str, str]
Tell = Callable[[Ran], None]


def parts(one: Ran) -> tuple[str, str, str, str]:
    """Process, point, far end, database."""
    kill, far, base = one.key.split("/")
    process, point = kill.split("@")
    return process, point, far, base


def _by_kill(one: Ran) -> Place:
    process, point, _, _ = parts(one)
    return process, point


def _by_base(one: Ran) -> Place:
    _, point, _, base = parts(one)
    return base, point


def _by_far(one: Ran) -> Place:
    _, point, far, _ = parts(one)
    return far, point


def _by_pair(one: Ran) -> Place:
    process, _, far, _ = parts(one)
    return process, far


def _by_kill_and_base(one: Ran) -> Place:
    process, _, _, base = parts(one)
    return process, base


def _tables(runs: list[Ran], points: Iterable[str], fars: Iterable[str]) -> list[str]:
    return [
        *_table(
            "Killed (-9), told to end, frozen × point", runs, (*PROCESSES, STOPPED, FROZEN), points, _by_kill
        ),
        *_table("Fault of the database × point", runs, faults.FAULTS, points, _by_base),
        *_table("Fault of the far end × point", runs, fars, points, _by_far),
        *_table("Killed × fault of the far end", runs, PROCESSES, fars, _by_pair),
        *_table("Killed × fault of the database", runs, PROCESSES, faults.FAULTS, _by_kill_and_base),
    ]


def _table(
    title: str, runs: list[Ran], rows: Iterable[str], columns: Iterable[str], place: Callable[[Ran], Place]
) -> list[str]:
    found: dict[Place, list[Ran]] = defaultdict(list)
    for one in runs:
        found[place(one)].append(one)
    names = list(columns)
    lines = [f"### {title}", ""]
    lines.append("| | " + " | ".join(WORDS.get(name, name.removeprefix("load-")) for name in names) + " |")
    lines.append("|---|" + "--:|" * len(names))
    by_row: dict[str, list[str]] = {}
    for row, column in product(rows, names):
        by_row.setdefault(row, []).append(_count(found[row, column]))
    lines += [f"| {WORDS.get(row, row)} | " + " | ".join(counts) + " |" for row, counts in by_row.items()]
    return [*lines, ""]


def _count(runs: list[Ran]) -> str:
    red = sum(bool(one.broken) for one in runs)
    return f"{len(runs)} ({red} red)" if red else str(len(runs) or "")
