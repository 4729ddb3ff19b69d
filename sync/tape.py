"""Where the outbound session looks before it asks a far end, and what it tells afterwards: a recording, or nothing.

Set for a context, so that other work of the same process goes on asking.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from sync.http import Answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A request as the client made it, before it was signed: no credential is in it."""

    system: str
    method: str
    path: str  # below the system's address
    params: Mapping[str, str | int] | None = None
    json: Any = None
    data: Mapping[str, str] | bytes | None = None


class Tape(Protocol):
    """Takes answers down, or gives them again."""

    def play(self, question: Question) -> Answer | None:
        """The recorded answer; None where the far end is to be asked."""
        ...

    def take(self, question: Question, answer: Answer) -> None:
        """Hear what the far end answered."""
        ...


_tape: ContextVar[Tape | None] = ContextVar("tape", default=None)


def tape_in_use() -> Tape | None:
    """The tape of this context."""
    return _tape.get()


@contextmanager
def using(tape: Tape | None) -> Iterator[None]:
    """Ask by way of this tape."""
    before = _tape.set(tape)
    try:
        yield
    finally:
        _tape.reset(before)
