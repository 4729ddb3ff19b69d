"""Which failures may heal by themselves, and when they are tried again."""

from __future__ import annotations

from django.conf import settings

HEALING = frozenset(
    {
        "refused_by_database",
        "parent_missing",
        "far_end_unavailable",
        "database_error",
        "database_unavailable",
    }
)
"""Codes that another try may be spared: what they name can change without anybody mending the row.

A row that cannot be read, or breaks a rule, stays as it is until somebody mends it or the mapping.
"""


def wait_before(code: str, attempts: int) -> float | None:
    """Seconds until the next try after so many retries: 60, 120, 240 by default; None = by hand from here on."""
    if code not in HEALING or attempts >= settings.MAX_RETRIES:
        return None
    return float(settings.RETRY_DELAY_SECONDS * 2**attempts)
