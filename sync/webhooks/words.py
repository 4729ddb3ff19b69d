"""Counts of a delivery in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def in_words(counts: Mapping[str, Any] | None) -> str:
    """`2 rows, 1 delete`: without the zeros; empty where there is nothing."""
    return ", ".join(_word(name, number) for name, number in (counts or {}).items() if number)


def _word(name: str, number: Any) -> str:
    if isinstance(number, str):  # an error's message
        return number
    word = name.replace("_", " ")
    return f"{number} {word.removesuffix('s') if number == 1 else word}"
