"""An error on one line, for logs."""

from __future__ import annotations


def brief(error: BaseException) -> str:
    """The first line of what it says, else its name: libpq explains itself at length."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
