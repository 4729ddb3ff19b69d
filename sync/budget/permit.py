"""The right to make one request."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from sync.budget.purse import Purse


class Permit:
    """Given already; it ends with the block."""

    __slots__ = ("_purse", "_slot", "_wake")

    def __init__(self, wake: Callable[[], None], purse: Purse, slot: int) -> None:
        self._wake, self._purse, self._slot = wake, purse, slot

    def __enter__(self) -> None:
        """Nothing is left to do."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._purse.leave(self._slot):
            self._wake()
