"""Deleting old entries: from the start of the chain on, and the last hash of them is kept as its new start."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from sync.queries import query
from sync.trail.chain import Point, ends, links_page
from sync.trail.walk import steps


def prune(before: datetime, most: int) -> int:
    """Delete at most so many entries older than that, in the caller's transaction; how many went.

    Stops at the first that is broken: what proves that somebody changed something stays.
    """
    start, _head = ends(locked=True)
    last = start
    for step in steps(start, links_page(start.seq, most)):
        entry = step.link.entry
        if step.fault is not None or entry is None or entry.at >= before:
            break
        last = Point(step.link.seq, step.link.hash)
    if last == start:
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL bridge.audit_tidy = 'on'")
        cursor.execute(query("drop_audit"), {"seq": last.seq, "hash": last.hash})
        cursor.execute("SET LOCAL bridge.audit_tidy = 'off'")
    return last.seq - start.seq
