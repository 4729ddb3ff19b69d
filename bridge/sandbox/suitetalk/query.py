"""The SuiteQL endpoint: pages of a query's rows."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from bridge.sandbox.exchange import Request, Response
from bridge.sandbox.suitetalk.errors import invalid, invalid_query
from bridge.sandbox.suitetalk.parse import parse
from bridge.sandbox.suitetalk.record_type import RecordType
from bridge.sandbox.suitetalk.render import rendered
from bridge.sandbox.suitetalk.select import matching, no_such_field
from bridge.sandbox.suitetalk.syntax import Query
from bridge.sandbox.tokens import quoted
from bridge.sandbox.view import View

LARGEST_PAGE = 1000
LARGEST_RESULT = 100_000
_COUNT = b'{"links":[],%s:"%d"}'


class _Body(msgspec.Struct):
    q: str


def answer(request: Request, kinds: Mapping[str, RecordType], view: View) -> Response:
    """Answer POST …/query/v1/suiteql. Raises VendorError."""
    if "transient" not in request.headers.get("prefer", "").lower():
        raise invalid('Missing or invalid header "Prefer": the only supported value is "transient".')
    limit, offset = page_asked(request)
    try:
        text = msgspec.json.decode(request.body, type=_Body).q
    except msgspec.DecodeError as error:
        raise invalid(f"Invalid content in the request body. {error}.") from None
    query = parse(text)
    kind = kinds.get(query.table)
    if kind is None:
        raise invalid_query(f"Search error occurred: Record '{query.table}' was not found.")
    rows = view.held(kind.table, matching(kind, query))
    if not query.columns:
        return _page(request, [_COUNT % (quoted(query.count_as), len(rows))], limit, offset, 1)
    _refuse_renamed(kind, query, view)
    shown = view.page(kind.table, rows[offset : offset + limit])
    return _page(request, rendered(kind, query, shown), limit, offset, len(rows))


def page_asked(request: Request) -> tuple[int, int]:
    """Read limit and offset. Raises a 400 VendorError."""
    limit = _whole(request, "limit", LARGEST_PAGE)
    offset = _whole(request, "offset", 0)
    if not 1 <= limit <= LARGEST_PAGE:
        raise invalid(f"Provide a limit from 1 to {LARGEST_PAGE}.", path="limit")
    if offset % limit:
        raise invalid(
            "Provide a valid offset value. The offset must be a multiple of the limit.", path="offset"
        )
    if offset + limit > LARGEST_RESULT:
        raise invalid(f"A query returns at most {LARGEST_RESULT} results. Narrow it by its WHERE clause.")
    return limit, offset


def _refuse_renamed(kind: RecordType, query: Query, view: View) -> None:
    """Who asks for a column by the name that it bore is told that there is none."""
    renamed = view.names(kind.table)
    for selected in query.columns:
        if kind.column(selected.column.name) in renamed:
            raise no_such_field(selected.column.name, kind.table.name)


def _page(request: Request, items: list[bytes], limit: int, offset: int, total: int) -> Response:
    facts = {
        b"links": msgspec.json.encode(_links(request.url, limit, offset, total)),
        b"count": b"%d" % len(items),
        b"hasMore": b"true" if offset + limit < total else b"false",
        b"items": b"[" + b",".join(items) + b"]",
        b"offset": b"%d" % offset,
        b"totalResults": b"%d" % total,
    }
    body = b"{" + b",".join(b'"%s":%s' % fact for fact in facts.items()) + b"}"
    return Response(body=body, content_type="application/vnd.oracle.resource+json; type=collection")


def _links(url: str, limit: int, offset: int, total: int) -> list[dict[str, str]]:
    last = max(0, (total - 1) // limit * limit)
    places = {"self": offset}
    if offset > 0:
        places |= {"first": 0, "prev": max(0, offset - limit)}
    if offset + limit < total:
        places |= {"next": offset + limit, "last": last}
    return [{"rel": rel, "href": f"{url}?limit={limit}&offset={at}"} for rel, at in places.items()]


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not (text.isascii() and text.isdigit()):
        raise invalid(f"Invalid value {text!r} for the parameter {name}: provide a whole number.", path=name)
    return int(text)
