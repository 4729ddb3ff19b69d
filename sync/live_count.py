"""How many live records an entity has, as its tracker keeps it: put right where it is off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sync.queries import query


def mend_live(cursor: Any, names: Mapping[str, str | int]) -> int:
    """Count an entity's live records; by how many its tracker was off.

    A delete and a batch that meet at one record may each miss what the other does to the count.
    """
    cursor.execute(query("count_live", **names))
    difference = int(cursor.fetchone()[0])
    if difference:
        cursor.execute(query("mend_live", **names), {"difference": difference})
    return abs(difference)
