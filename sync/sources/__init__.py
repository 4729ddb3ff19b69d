"""What the engine asks of a far end: pages of raw rows, and one row by its key."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

Json = Any
"""A value that JSON can hold."""
By = Literal["key", "cursor"]
"""What the rows of a window are chosen by."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """A part of an entity's rows: from `low` on and below `high`, both canonical text.

    By the key: whole numbers, of its first field where it has several. By the cursor: values of that.
    """

    by: By
    low: str  # included
    high: str  # not included


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """What the engine wants next of an entity."""

    since: str | None = None  # canonical text of the cursor, to be asked with >=; None = everything
    resume: Mapping[str, Json] | None = None  # the `next` of the page before; None = from the beginning
    page_size: int = 1000
    pages: int | None = None  # so many are wanted at most: nothing needs to be asked beyond; None = all
    window: Window | None = None  # only of resources that say in `windows` that they can


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """What the far end returned at once."""

    rows: Sequence[bytes]  # each row's JSON object as received
    asked_at: datetime  # when the request left, UTC: the state is at least as new
    next: Mapping[str, Json] | None  # how to ask for what follows; None = this was the last page
    total: int | None = None  # rows of the whole answer, where the far end says so
    steady: bool = False  # rows that come or go meanwhile shift no page: the next one begins after a key
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


class Windowed(Protocol):
    """A resource whose far end can be asked for a part of its rows; one without this is asked for all of them."""

    @property
    def windows(self) -> Collection[By]:
        """By what `Ask.window` may choose them; the client honours it. Empty = by nothing."""
        ...


def windows_of(resource: Any) -> frozenset[By]:
    """By what windows of a resource can be asked for, as it says itself: nobody signs in for that."""
    return frozenset(getattr(resource, "windows", ()))
