"""Reads numbers that people type as options; argparse refuses what raises ValueError, naming the function."""

from __future__ import annotations

MOST = 10_000
DAY = 86_400  # seconds
LONGEST_DAYS = 36_500  # a hundred years


def count(text: str) -> int:
    """A whole number from 1 to 10,000."""
    number = int(text)
    if not 1 <= number <= MOST:
        raise ValueError(text)
    return number


def names(text: str) -> list[str]:
    """Names with commas between them, at least one."""
    found = [name.strip() for name in text.split(",") if name.strip()]
    if not found:
        raise ValueError(text)
    return found


def seconds(text: str) -> float:
    """A number of seconds, more than none and at most a day; fractions are allowed."""
    number = float(text)
    if not 0 < number <= DAY:
        raise ValueError(text)
    return number


def patience(text: str) -> int:
    """A whole number of seconds, none too, and at most a day."""
    number = int(text)
    if not 0 <= number <= DAY:
        raise ValueError(text)
    return number


def days(text: str) -> float:
    """A number of days, more than none; fractions are allowed."""
    number = float(text)
    if not 0 < number <= LONGEST_DAYS:
        raise ValueError(text)
    return number
