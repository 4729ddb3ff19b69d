"""What the engine asks of a far end: pages of raw rows, and one row by its key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

Json = Any
"""A value that JSON can hold."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """What the engine wants next of an entity."""

    since: str | None = None  # canonical text of the cursor, to be asked with >=; None = everything
    resume: Mapping[str, Json] | None = None  # the `next` of the page before; None = from the beginning
    page_size: int = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """What the far end returned at once."""

    rows: Sequence[bytes]  # each row's JSON object as received
    asked_at: datetime  # when the request left, UTC: the state is at least as new
    next: Mapping[str, Json] | None  # how to ask for what follows; None = this was the last page
    total: int | None = None  # rows of the whole answer, where the far end says so
    facts: Mapping[str, Json] = field(default_factory=dict)


class Client(Protocol):
    """A system's far end. Raises only from sync.errors; signing in and paging are its own affair."""

    def pages(self, resource: Any, ask: Ask) -> Iterator[Page]:
        """Pages in a stable order, from `ask.resume` on; called and consumed on one thread."""
        ...

    def one(self, resource: Any, key: Mapping[str, str]) -> Page | None:
        """The row with that key (ours: canonical text) as a page of one; None = the far end says there is none.

        A far end without reads by key raises ConfigError(code="not_read_by_key"): its changes are read instead.
        """
        ...

    def check(self) -> None:
        """A cheap question that proves address and credentials; raises otherwise."""
        ...
