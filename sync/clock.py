"""What time it is for plans that go over days. Everything else asks the clock of the machine or the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def now() -> datetime:
    """This moment, UTC."""
    return _clocks[-1]()


def use(clock: Clock) -> None:
    """Let another clock say it in this process: so that a week can be lived through in a minute."""
    _clocks[:] = [clock]


def use_machine() -> None:
    """Let the clock of the machine say it again."""
    _clocks[:] = [_machine]


def _machine() -> datetime:
    return datetime.now(UTC)


_clocks: list[Clock] = [_machine]
