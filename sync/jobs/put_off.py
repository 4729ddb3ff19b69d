"""Jobs that wait since their far end asked for a pause, or was left alone: due at once when a person ends that."""

from __future__ import annotations

from django.db import connection

from sync.queries import query

CODES = ("rate_limited", "far_end_down")
"""What such a job ran into last."""


def come_forward(system: str) -> int:
    """Let the jobs of a system that were put off be due now, in the transaction that is open; how many they are.

    What the far end answers then decides anew. A job that is being taken at this moment is left out.
    """
    scopes = [f"system:{system}", f"target:{system}"]
    with connection.cursor() as cursor:
        cursor.execute(query("come_forward"), {"scopes": scopes, "codes": list(CODES)})
        (count,) = cursor.fetchone() or (0,)
    return int(count)
