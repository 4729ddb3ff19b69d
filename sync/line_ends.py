"""Rows that wait behind each other: whom they all wait for in the end."""

from __future__ import annotations

import uuid

from django.db import connection

from sync.queries import query

MOST_ROWS = 1_000_000
"""Of rows looked at together: some 200 MB. Of those beyond it no end is told."""


def ends(entity_id: int | None) -> dict[uuid.UUID, uuid.UUID]:
    """For rows whose parent waits itself the row at the end of the line: its parent is the one that is missing.

    A ring of rows has no end, and no place here.
    """
    with connection.cursor() as cursor:
        cursor.execute(query("waiting_behind"), {"entity_id": entity_id, "most": MOST_ROWS})
        found = dict(cursor.fetchall())
    behind: dict[uuid.UUID, uuid.UUID | None] = {}
    for start in found:
        row, way = start, list[uuid.UUID]()
        while row in found and row not in behind:
            behind[row] = None  # for as long as it is walked: who meets it again went round
            way.append(row)
            row = found[row]
        behind |= dict.fromkeys(way, behind.get(row, row))
    return {row: end for row, end in behind.items() if end is not None}
