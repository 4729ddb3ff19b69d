"""Reads numbers that people type as options; what can't be read is told with what would do."""

from __future__ import annotations

from argparse import ArgumentTypeError

MOST = 10_000
DAY = 86_400  # seconds
LONGEST_DAYS = 36_500  # a hundred years
LARGEST_ID = 2**63 - 1


def count(text: str) -> int:
    """A whole number from 1 to 10,000."""
    return _whole(text, 1, MOST)


def number(text: str) -> int:
    """The number of a row, however many there are."""
    return _whole(text, 1, LARGEST_ID, f"{text!r} is no id: write the whole number that the list shows.")


def names(text: str) -> list[str]:
    """Names with commas between them, at least one."""
    found = [name.strip() for name in text.split(",") if name.strip()]
    if not found:
        raise ArgumentTypeError("write at least one name, with commas between several.")
    return found


def seconds(text: str) -> float:
    """A number of seconds, more than none and at most a day; fractions are allowed."""
    return _part(text, DAY, "seconds")


def patience(text: str) -> int:
    """A whole number of seconds, none too, and at most a day."""
    return _whole(text, 0, DAY)


def days(text: str) -> float:
    """A number of days, more than none; fractions are allowed."""
    return _part(text, LONGEST_DAYS, "days")


def _whole(text: str, least: int, most: int, words: str = "") -> int:
    words = words or f"{text!r} is no whole number from {least} to {most:,}."
    try:
        found = int(text)
    except ValueError:
        raise ArgumentTypeError(words) from None
    if not least <= found <= most:
        raise ArgumentTypeError(words)
    return found


def _part(text: str, most: int, unit: str) -> float:
    words = f"{text!r} is no number of {unit} above 0 and up to {most:,}."
    try:
        found = float(text)
    except ValueError:
        raise ArgumentTypeError(words) from None
    if not 0 < found <= most:
        raise ArgumentTypeError(words)
    return found
