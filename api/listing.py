"""Lists of the operators' resources: newest first, page by page, each page found by its index."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers

from api.params import DEFAULT_LIMIT, MOST_AT_ONCE, Query
from api.serializers import ErrorSerializer
from sync import schema
from sync.errors import InvalidRequest
from sync.registry import registry

Row = TypeVar("Row", bound=Model)
PAGING = ("limit", "after")


def newest(
    rows: QuerySet[Row], query: Query, identity: Callable[[str], Any] = uuid.UUID
) -> tuple[list[Row], str | None]:
    """A page of rows by falling id, and the cursor of what follows. Raises InvalidRequest (bad_cursor)."""
    after, limit = query.text("after"), query.limit()
    if after is not None:
        try:
            rows = rows.filter(id__lt=identity(after))
        except (ValueError, OverflowError):
            message = "`after` is not a cursor of this list: pass `next` of the page before."
            raise InvalidRequest(message, code="bad_cursor") from None
    page = list(rows.order_by("-id")[: limit + 1])
    more = len(page) > limit
    return page[:limit], str(page[limit - 1].pk) if more else None


def listed(items: Any, after: str | None) -> dict[str, Any]:
    """The body of a list."""
    return {"items": items, "next": after}


def entity_number(query: Query) -> int | None:
    """The number of the entity that the query names. Raises UnknownEntity."""
    name = query.text("entity")
    return None if name is None else schema.entity_id(registry.find(name).path)


def list_of(name: str, of: type[serializers.Serializer[Any]]) -> Any:
    """The shape of a list, for the OpenAPI document."""
    fields: dict[str, Any] = {
        "items": of(many=True),
        "next": serializers.CharField(allow_null=True, help_text="Pass it as `after` for the next page."),
    }
    return inline_serializer(name, fields)


def paging_parameters(*more: OpenApiParameter) -> list[OpenApiParameter]:
    """limit and after, with a list's own filters."""
    return [
        *more,
        OpenApiParameter("limit", int, description=f"1 to {MOST_AT_ONCE}, {DEFAULT_LIMIT} by default."),
        OpenApiParameter("after", str, description="`next` of the page before."),
    ]


def failures(*statuses: int) -> dict[int, Any]:
    """The error answers of an operation, for the OpenAPI document."""
    return {status: OpenApiResponse(ErrorSerializer, _WORDS[status]) for status in (401, 403, *statuses)}


_WORDS = {
    400: "Something asked for cannot be done as asked.",
    401: "The token is missing, malformed or expired.",
    403: "The token lacks the scope.",
    404: "There is no such thing.",
    409: "It is not in a state in which this makes sense.",
    413: "The body is too large.",
    422: "The Idempotency-Key came with another body before.",
    410: "Deleted at the far end.",
    503: "The database or the far end cannot be reached; see Retry-After.",
}
