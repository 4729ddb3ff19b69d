"""What came of a run of a cell."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Ran:
    """One run of a cell: what did not hold, and what it took."""

    key: str
    seed: int
    broken: list[str] = field(default_factory=list)
    seconds: float = 0.0
    recovery: float | None = None  # seconds from the blow to the next attempt's start, where one was needed
    attempts: int = 0
    requests: int = 0

    def told(self) -> dict[str, Any]:
        """For a line of JSON."""
        return asdict(self)
