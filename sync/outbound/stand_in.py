"""Where a system is asked in place of its own address while its test runs: at a server with recorded answers.

Nothing but `sync.testing` sets one. What is asked there needs no budget, and may be on this machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_in_use: dict[str, StandIn] = {}
_guards: list[Callable[[str], None]] = []


@dataclass(frozen=True, kw_only=True, slots=True)
class StandIn:
    """What answers for a system."""

    url: str | None  # None: the system itself, which is being recorded


def stand_in(system: str) -> StandIn | None:
    """What answers for a system in this process; None = its own address, as always. Raises what a guard raises."""
    found = _in_use.get(system)
    if found is None:
        for guard in _guards:
            guard(system)
    return found


def guard(refuse: Callable[[str], None]) -> None:
    """Call this with each system that is about to be asked at its own address: it may raise."""
    _guards.append(refuse)


@contextmanager
def standing_in(system: str, url: str | None) -> Iterator[None]:
    """Let every request to the system go to `url`; the innermost one counts."""
    before = _in_use.get(system)
    _in_use[system] = StandIn(url=url)
    try:
        yield
    finally:
        if before is None:
            del _in_use[system]
        else:
            _in_use[system] = before
