"""How long a far end asks to be left alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_WAIT = 86_400.0
"""Seconds: a Retry-After beyond a day is a mistake of the far end, and would stop a system for good."""


def seconds_to_wait(headers: Mapping[str, str]) -> float | None:
    """From Retry-After (seconds, decimal, or a date); None where there is none."""
    text = headers.get("Retry-After", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = _until(text, headers.get("Date", ""))
    # Also false for NaN, which float() reads.
    return min(seconds, LONGEST_WAIT) if seconds >= 0 else None


def _until(text: str, date: str) -> float:
    until = moment(text)
    if until is None:
        return -1.0
    # By the far end's own clock where it tells it.
    return max(0.0, (until - (moment(date) or datetime.now(UTC))).total_seconds())


def moment(text: str) -> datetime | None:
    """An HTTP date; None where it is none."""
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
