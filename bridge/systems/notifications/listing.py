"""The list of messages of the sandbox's Twilio: newest first, filtered, in pages."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from bridge.sandbox.exchange import Request, Response
from bridge.sandbox.store import Table
from bridge.sandbox.tokens import NULL, object_of, quoted
from bridge.sandbox.view import View
from bridge.systems.notifications.filters import tests_of
from bridge.systems.notifications.message import shown
from bridge.systems.notifications.refusals import ProviderError

PAGE, LARGEST_PAGE = 50, 1000


def answer(request: Request, table: Table, view: View) -> Response:
    """Answer a list of messages by To, From and DateSent (of a day, from one, until one). Raises ProviderError."""
    size, page = _whole(request, "PageSize", PAGE), _whole(request, "Page", 0)
    if not 1 <= size <= LARGEST_PAGE:
        raise ProviderError(400, 20001, f"PageSize: from 1 to {LARGEST_PAGE}")
    tests = tests_of(request)
    found = [row for row in table.rows() if all(test(row) for test in tests)]
    rows = sorted(view.held(table, found), key=lambda row: row.added or row.modified, reverse=True)
    start = page * size
    served = view.page(table, rows[start : start + size])
    facts = {
        "messages": b"[" + b",".join(map(shown, served)) + b"]",
        "page": str(page).encode(),
        "page_size": str(size).encode(),
        "start": str(start).encode(),
        "end": str(start + max(len(served) - 1, 0)).encode(),
        "uri": quoted(_uri(request, size, page)),
        "first_page_uri": quoted(_uri(request, size, 0)),
        "next_page_uri": quoted(_uri(request, size, page + 1)) if start + size < len(rows) else NULL,
        "previous_page_uri": quoted(_uri(request, size, page - 1)) if page else NULL,
    }
    return Response(body=object_of(facts))


def _uri(request: Request, size: int, page: int) -> str:
    kept = [(name, text) for name, text in request.params if name not in ("PageSize", "Page", "PageToken")]
    return f"{urlsplit(request.url).path}?{urlencode([*kept, ('PageSize', size), ('Page', page)])}"


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not (text.isascii() and text.isdigit()):
        raise ProviderError(400, 20001, f"{name}: {text} is no whole number")
    return int(text)
