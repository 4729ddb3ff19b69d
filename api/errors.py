"""One body for everything that is not an answer: {"code", "message", "detail", "request_id"}."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.request import Request

from api.codes import CODES
from sync.errors import (
    BridgeError,
    ConfigError,
    Conflict,
    InvalidRequest,
    NotFound,
    TransientError,
    UnknownEntity,
    Unsigned,
)

RETRY_AFTER = 5  # seconds: a database that restarts is back in about that time

Caller = HttpRequest | Request | None
log = structlog.get_logger("api")

# In this order: the first class that fits decides.
_STATUS_OF: tuple[tuple[type[BridgeError], int], ...] = (
    (InvalidRequest, 400),
    (Unsigned, 401),
    (UnknownEntity, 404),
    (NotFound, 404),
    (Conflict, 409),
    (ConfigError, 503),
    (TransientError, 503),
)
_CODE_OF: tuple[tuple[type[exceptions.APIException], str], ...] = (
    (exceptions.ParseError, "bad_json"),
    (exceptions.NotAuthenticated, "token_missing"),
    (exceptions.NotFound, "not_found"),
    (exceptions.MethodNotAllowed, "method_not_allowed"),
    (exceptions.NotAcceptable, "not_acceptable"),
    (exceptions.UnsupportedMediaType, "unsupported_media_type"),
)


class Refusal(BridgeError):  # noqa: N818 - an answer like 410 is no error of anybody
    """An answer other than 2xx with its own status, code and headers."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        detail: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, code=code)
        self.status = status
        self.detail = detail
        self.headers = headers or {}


def answer(
    request: Caller,
    status: int,
    code: str,
    message: str,
    *,
    detail: Any = None,
    headers: Mapping[str, str] | None = None,
) -> JsonResponse:
    """The error answer itself."""
    body = {"code": code, "message": message, "detail": detail, "request_id": request_id(request)}
    return JsonResponse(body, status=status, headers=dict(headers or {}))


def request_id(request: Caller) -> str:
    """The id of the request, as the middleware gave it; empty where there was no middleware."""
    return str(getattr(request, "request_id", ""))


def handle(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """DRF's exception handler: every exception of a view becomes an error answer."""
    return answer_for(error, context.get("request"))


def answer_for(error: Exception, request: Caller) -> HttpResponse:
    """The error answer for an exception; what nobody foresaw is logged with its traceback, shown without."""
    if isinstance(error, Refusal):
        return answer(
            request, error.status, error.code, error.message, detail=error.detail, headers=error.headers
        )
    if isinstance(error, exceptions.APIException):
        return _of_rest_framework(error, request)
    if isinstance(error, BridgeError):
        return _of_bridge(error, request)
    if found := _of_django(error, request):
        return found
    log.error("request failed", code="internal_error", exc_info=error)
    message = "Something went wrong inside Bridge. Report the request_id; the log has the rest."
    return answer(request, 500, "internal_error", message)


def is_database_outage(error: Exception) -> bool:
    """Whether the database could not be reached or gave up, as opposed to refusing a statement."""
    return isinstance(error, OperationalError | InterfaceError)


def _of_bridge(error: BridgeError, request: Caller) -> HttpResponse:
    status = next((status for kind, status in _STATUS_OF if isinstance(error, kind)), 500)
    if status == 500:
        log.error("request failed", code=error.code, exc_info=error)
    headers = {503: {"Retry-After": str(RETRY_AFTER)}, 401: {"WWW-Authenticate": "Signature"}}.get(status)
    return answer(request, status, error.code, error.message, headers=headers)


def _of_rest_framework(error: exceptions.APIException, request: Caller) -> HttpResponse:
    headers = {"WWW-Authenticate": _challenge(error)} if error.status_code == 401 else {}
    if isinstance(error, exceptions.MethodNotAllowed) and request is not None:
        view = getattr(request, "parser_context", {}).get("view")
        headers["Allow"] = ", ".join(view.allowed_methods) if view else ""
    if isinstance(error, exceptions.ValidationError):
        message = "Some values cannot be used; `detail` names each with its reason."
        return answer(request, 400, "bad_parameter", message, detail=error.detail)
    code = next((code for kind, code in _CODE_OF if isinstance(error, kind)), None)
    return answer(request, error.status_code, code or _own_code(error), _words(error), headers=headers)


def _own_code(error: exceptions.APIException) -> str:
    code = getattr(error.detail, "code", "")
    if isinstance(error, exceptions.PermissionDenied) and code not in CODES:
        return "csrf_failed" if str(error.detail).startswith("CSRF") else "permission_missing"
    return str(code) if code in CODES else "invalid_request"


def _words(error: exceptions.APIException) -> str:
    if isinstance(error, exceptions.NotAuthenticated):
        return "Send a service token as `Authorization: Bearer <token>`; `bridge token` makes one."
    if isinstance(error, exceptions.UnsupportedMediaType):
        return "Send the body as JSON, with `Content-Type: application/json`."
    if isinstance(error, exceptions.MethodNotAllowed):
        return f"{str(error.detail).rstrip('.')}: the header `Allow` of this answer lists what is."
    return str(error.detail)


def _challenge(error: exceptions.APIException) -> str:
    realm = 'Bearer realm="bridge"'
    return realm if isinstance(error, exceptions.NotAuthenticated) else f'{realm}, error="invalid_token"'


def _of_django(error: Exception, request: Caller) -> HttpResponse | None:
    if is_database_outage(error):
        log.warning("database unavailable", error=str(error).partition("\n")[0])
        message = "The database cannot be reached, or did not answer in time. Nothing is lost: try again."
        headers = {"Retry-After": str(RETRY_AFTER)}
        return answer(request, 503, "database_unavailable", message, headers=headers)
    if isinstance(error, Http404 | DjangoPermissionDenied):
        missing = isinstance(error, Http404)
        words = str(error) or ("There is nothing at this address." if missing else "That is not allowed.")
        code = "not_found" if missing else "permission_missing"
        return answer(request, 404 if missing else 403, code, words)
    if isinstance(error, RequestDataTooBig):
        return answer(request, 413, "body_too_large", "The body is too large.")
    if isinstance(error, SuspiciousOperation | BadRequest):
        return answer(request, 400, "invalid_request", "The request cannot be read as it was sent.")
    if isinstance(error, DataError):
        message = "A value cannot be stored or compared by the database: correct it."
        return answer(request, 400, "invalid_request", message)
    return None
