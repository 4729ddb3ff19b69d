"""How an API is asked for its next page: by offset, by page number, or by a token from the page before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sync.errors import TransientError
from sync.sources import Json
from sync.sources.envelope import Envelope
from sync.text import storable

Place = Mapping[str, Json]
"""Where to go on: what a Page has as `next`."""


class Paging(Protocol):
    """A way to ask for pages, one after the other.

    One that can tell where the next page begins before it has this one also has `beyond`, as Offset has.
    """

    @property
    def total(self) -> str | None:
        """Where the answer says how many rows all pages have; None = nowhere."""
        ...

    def ask(self, place: Place | None, page_size: int) -> dict[str, str]:
        """The query parameters of the page at a place; None = the first page."""
        ...

    def following(self, place: Place | None, page_size: int, envelope: Envelope) -> Place | None:
        """Where the next page begins; None where this was the last. Raises TransientError (bad_envelope)."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Offset:
    """Pages by offset and limit.

    The last page is told by `more` or `total`, names in the answer; where neither is declared, a page with
    fewer rows than asked for is the last: so say with `largest` how many the far end gives at most.
    """

    limit: str = "limit"
    offset: str = "offset"
    more: str | None = None  # a boolean in the answer: there is more
    total: str | None = None  # a number in the answer: rows of all pages
    largest: int | None = None  # rows a page

    def ask(self, place: Place | None, page_size: int) -> dict[str, str]:
        """Limit and offset."""
        size = _size(page_size, self.largest)
        return {self.limit: str(size), self.offset: str(_number(place, "offset", 0))}

    def following(self, place: Place | None, page_size: int, envelope: Envelope) -> Place | None:
        """The offset after this page's rows."""
        after = _number(place, "offset", 0) + len(envelope.rows)
        if _goes_on(envelope, self.more, self.total, after, _size(page_size, self.largest)):
            return {"offset": after}
        return None

    def beyond(self, place: Place | None, page_size: int, total: int) -> Place | None:
        """The offset after a full page; None if all rows, `total`, lie before it."""
        after = _number(place, "offset", 0) + _size(page_size, self.largest)
        return {"offset": after} if after < total else None


@dataclass(frozen=True, kw_only=True, slots=True)
class PageNumber:
    """Pages by number and size; the last one is told as with Offset."""

    page: str = "page"
    size: str = "page_size"
    first: int = 1
    more: str | None = None
    total: str | None = None
    largest: int | None = None

    def ask(self, place: Place | None, page_size: int) -> dict[str, str]:
        """Number and size."""
        size = self._size(place, page_size)
        return {self.page: str(_number(place, "page", self.first)), self.size: str(size)}

    def following(self, place: Place | None, page_size: int, envelope: Envelope) -> Place | None:
        """The next number, with the size it counts in."""
        number, size = _number(place, "page", self.first), self._size(place, page_size)
        read = (number - self.first) * size + len(envelope.rows)
        if _goes_on(envelope, self.more, self.total, read, size):
            return {"page": number + 1, "size": size}
        return None

    def beyond(self, place: Place | None, page_size: int, total: int) -> Place | None:
        """The next number; None if all rows, `total`, lie before it."""
        number, size = _number(place, "page", self.first), self._size(place, page_size)
        return {"page": number + 1, "size": size} if (number + 1 - self.first) * size < total else None

    def _size(self, place: Place | None, page_size: int) -> int:
        # A page's number means something only with the size the run began with.
        return _number(place, "size", _size(page_size, self.largest))


@dataclass(frozen=True, kw_only=True, slots=True)
class Cursor:
    """Pages by a token that the page before carries; the last one has none."""

    cursor: str = "cursor"
    limit: str | None = "limit"
    token: str = "next"  # noqa: S105 - the name in the answer, dotted where it lies deeper
    total: str | None = None
    largest: int | None = None

    def ask(self, place: Place | None, page_size: int) -> dict[str, str]:
        """The token, and how many rows."""
        asked = {self.limit: str(_size(page_size, self.largest))} if self.limit else {}
        return asked | ({self.cursor: str(place["cursor"])} if place else {})

    def following(self, place: Place | None, page_size: int, envelope: Envelope) -> Place | None:
        """The token of the next page."""
        token = envelope.value(self.token)
        if token in (None, "", False):
            return None
        if not isinstance(token, int | str) or (isinstance(token, str) and not storable(token)):
            raise TransientError(
                f"{envelope.what} names its next page ({self.token}) with something that is no token.",
                code="bad_envelope",
            )
        if place and token == place["cursor"]:
            raise TransientError(
                f"{envelope.what} names itself as its next page ({self.token}): this would never end.",
                code="bad_envelope",
            )
        return {"cursor": token}


def _goes_on(envelope: Envelope, more: str | None, total: str | None, read: int, size: int) -> bool:
    if more is not None:
        goes_on = envelope.value(more) is True
    elif total is not None:
        goes_on = read < envelope.number(total)
    else:
        goes_on = len(envelope.rows) >= size
    if goes_on and not envelope.rows:
        message = f"{envelope.what} says that there is more, but has no rows."
        raise TransientError(message, code="bad_envelope")
    return goes_on


def _size(page_size: int, largest: int | None) -> int:
    return min(page_size, largest) if largest else page_size


def _number(place: Place | None, name: str, default: int) -> int:
    return int(place.get(name, default)) if place else default
