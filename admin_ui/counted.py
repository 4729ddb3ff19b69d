"""Pages of a list whose length is known without counting it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.utils.functional import cached_property

if TYPE_CHECKING:
    AnyPaginator = Paginator[Any]
else:
    AnyPaginator = Paginator  # generic for the type checker only


class CountedPaginator(AnyPaginator):
    """Django's paginator, told how many rows there are; `known` None lets it count."""

    known: int | None = None

    @cached_property
    def count(self) -> int:
        """The known length, else that of the query."""
        return super().count if self.known is None else self.known
