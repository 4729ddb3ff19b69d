"""Around every request: its id, its size, its metrics, its line in the log."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from structlog.contextvars import bound_contextvars

from api.error_pages import for_exception
from api.errors import answer
from api.request_metrics import observe, route_of
from sync.ids import uuid7

_SANE_ID = re.compile(r"[A-Za-z0-9._:+/=-]{1,128}")
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})

log = structlog.get_logger("api")


class RequestMiddleware:
    """First of all middleware, so that its measure is the whole of what we do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request; the id comes in or is made, and goes out."""
        started = time.perf_counter()
        request_id = _sane(request.META.get("HTTP_X_REQUEST_ID")) or str(uuid7())
        request.__dict__["request_id"] = request_id
        with bound_contextvars(request_id=request_id):
            response = refuse_size(request) or self.get_response(request)
            response["X-Request-ID"] = request_id
            self._note(request, response, time.perf_counter() - started)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """No exception of a view reaches a client as a traceback."""
        return for_exception(request, exception)

    def _note(self, request: HttpRequest, response: HttpResponse, seconds: float) -> None:
        route = route_of(request)
        observe(route, request.method or "", response.status_code, seconds)
        # Plain reads are the bulk: their line is for debugging only, the metrics count them.
        plain = request.method in {"GET", "HEAD", "OPTIONS"}
        tell = log.warning if response.status_code >= 500 else log.debug if plain else log.info
        tell(
            "request answered",
            endpoint=route,
            method=request.method,
            status=response.status_code,
            milliseconds=round(seconds * 1000, 1),
        )


def refuse_size(request: HttpRequest) -> HttpResponse | None:
    """413 or 411 before a byte of the body is read; None lets the request pass."""
    if request.method not in _WITH_BODY:
        return None
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length:
        # A chunked body would be taken for an empty one by Django.
        if request.META.get("HTTP_TRANSFER_ENCODING"):
            return answer(
                request, 411, "length_required", "Send Content-Length: chunked bodies are not read."
            )
        return None
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if not length.isdigit():
        return answer(request, 400, "invalid_request", "Content-Length is not a number.")
    if most is not None and int(length) > most:
        message = f"The body has {length} bytes; at most {most} are taken. Send less at once."
        return answer(request, 413, "body_too_large", message, detail={"most": most})
    return None


def _sane(given: str | None) -> str | None:
    return given if given and _SANE_ID.fullmatch(given) else None
