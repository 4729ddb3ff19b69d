"""What Django calls where no view answered: JSON for programs, one sentence of HTML for a browser."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse
from django.utils.html import escape

from api.errors import RETRY_AFTER, answer, answer_for, is_database_outage, request_id

PROGRAM_PATHS = ("/api", "/metrics", "/admin/metrics", "/docs")
FIRST_BRIDGE = re.compile(r"/admin/sync(/[^/]+)?")  # deeper ones, as /admin/sync/job/, are the admin's


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400."""
    return _page(request, 400, "invalid_request", "The request cannot be read as it was sent.")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403."""
    return _page(request, 403, "permission_missing", "That is not allowed.")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler404, and the last route of /api."""
    return _page(
        request, 404, "not_found", "There is nothing at this address. The list of addresses is at /docs."
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500."""
    return _page(request, 500, "internal_error", "Something went wrong inside Bridge. Report the request_id.")


def for_exception(request: HttpRequest, error: Exception) -> HttpResponse | None:
    """The answer for an exception of a view outside DRF; None leaves the admin's own errors to Django."""
    if for_program(request):
        return answer_for(error, request)
    if is_database_outage(error):
        message = "The database cannot be reached. Nothing is lost: try again shortly."
        page = _page(request, 503, "database_unavailable", message)
        page["Retry-After"] = str(RETRY_AFTER)
        return page
    return None


def for_program(request: HttpRequest) -> bool:
    """Whether JSON is the right answer."""
    if request.path.startswith(PROGRAM_PATHS) or FIRST_BRIDGE.fullmatch(request.path):
        return True
    return "text/html" not in request.headers.get("Accept", "")


def _page(request: HttpRequest, status: int, code: str, message: str) -> HttpResponse:
    if for_program(request):
        return answer(request, status, code, message)
    html = (
        f"<!doctype html><title>Bridge: {status}</title><h1>{escape(message)}</h1>"
        f'<p>{code}, request {escape(request_id(request))}</p><p><a href="/">Start page</a></p>'
    )
    return HttpResponse(html, status=status)
