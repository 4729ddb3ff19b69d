"""`bridge mapping diffs` and `bridge mapping faults`: what the last rehearsal found, a page at a time."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bridge.exits import FAILED, OK, say
from bridge.printing import print_json, print_table

if TYPE_CHECKING:
    from sync.mapping.rehearsed import Kind

ROWS = 100  # of a page, if nobody says how many


def wait(number: int, job_id: UUID, options: Namespace) -> int:
    """Stay until a rehearsal has ended, print its counts and the first rows that would differ."""
    from bridge.following import stay
    from sync.models import Job

    if not stay([job_id], seconds=options.timeout, quiet=True):
        job = Job.objects.get(pk=job_id)
        say(f"The rehearsal is {job.status}: {job.error or f'see `bridge jobs show {job_id}`'}")
        return FAILED
    if not options.json:
        counts = (Job.objects.get(pk=job_id).result or {})["counts"]
        print_table(("rows", "#"), ((name.replace("_", " "), n) for name, n in counts.items()), empty="")
        print()
    return show(number, "diffs", options)


def show(number: int, kind: Kind, options: Namespace) -> int:
    """Print a page of the rows that would differ, or be refused."""
    from sync.mapping.in_force import find
    from sync.mapping.rehearsed import found, place

    job_id, start = place(options.after)
    page = found(find(number), kind, start=start, most=options.limit or ROWS, job_id=job_id)
    if options.json:
        print_json({"items": page.rows, "next": page.next, "job": page.job_id, "of": page.of})
        return OK
    if kind == "diffs":
        print_table(("key", "field", "before", "after"), _diffs(page.rows), empty="No row would differ.")
    else:
        columns = ("row", "stage", "code", "message")
        print_table(columns, _faults(page.rows), empty="No row would be refused.")
    if page.rows:
        print(f"\nRows {page.start + 1:,} to {page.start + len(page.rows):,} of {page.of:,}.")
    if page.next:
        print(f"`bridge mapping {kind} {number} --after {page.next}` shows those that follow.")
    return OK


def _diffs(rows: Iterable[dict[str, Any]]) -> Iterable[tuple[Any, ...]]:
    for row in rows:
        for name, change in row["fields"].items():
            yield row["key"], name, _value(change["before"]), _value(change["after"])


def _faults(rows: Iterable[dict[str, Any]]) -> Iterable[tuple[Any, ...]]:
    for row in rows:
        yield row.get("record") or row.get("failed_record"), row["stage"], row["code"], row["message"]


def _value(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)
