"""Health: open to everybody, because probes and load balancers carry no token. No secret is in any answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.auth import ServiceToken
from sync import health
from sync.health import DOWN, OK, Check, worst

_began = time.monotonic()


def _documented(name: str, summary: str) -> Callable[[Any], Any]:
    answers = {200: OpenApiTypes.OBJECT, 503: OpenApiTypes.OBJECT}
    return extend_schema(
        operation_id=f"health_{name}", tags=["health"], summary=summary, auth=[], responses=answers
    )


class OpenView(APIView):
    """Open to everybody."""

    authentication_classes: Sequence[type[BaseAuthentication]] = ()
    permission_classes = (AllowAny,)


class HealthView(OpenView):
    """GET /api/v1/health."""

    @_documented("read", "Everything at a glance, with version and uptime")
    def get(self, request: Request) -> Response:
        """200, or 503 where Bridge cannot work."""
        checks = {"database": health.database()}
        if checks["database"].status == OK:
            checks["migrations"] = health.migrations()
            checks["smartplan"] = health.queue()
        content = {
            "version": settings.BRIDGE_VERSION,
            "uptime_seconds": round(time.monotonic() - _began, 1),
        }
        return _answer(checks, content)


class DatabaseHealthView(OpenView):
    """GET /api/v1/health/database."""

    @_documented("database", "The database, and whether it is migrated")
    def get(self, request: Request) -> Response:
        """200 or 503."""
        checks = {"database": health.database()}
        if checks["database"].status == OK:
            checks["migrations"] = health.migrations()
        return _answer(checks)


class ConnectorHealthView(OpenView):
    """GET /api/v1/health/connector."""

    authentication_classes = (ServiceToken,)

    @_documented("connector", "The far ends; asked at most every ten seconds. Their words only with a token")
    def get(self, request: Request) -> Response:
        """200 where all answer, 503 where one does not."""
        checks = health.far_ends.check()
        if request.user is None:  # their words name addresses of the inside
            checks = {name: Check(status=check.status, facts=check.facts) for name, check in checks.items()}
        return _answer(checks)


class SmartplanHealthView(OpenView):
    """GET /api/v1/health/smartplan: the name that the queue has had since the first Bridge."""

    @_documented("smartplan", "The queue: whether workers take what waits, how much, and for how long")
    def get(self, request: Request) -> Response:
        """200, or 503 where nobody works, or nobody takes what waits."""
        checks = {"smartplan": health.queue()}
        return _answer(checks, broken=checks["smartplan"].status != OK)


class LiveView(OpenView):
    """GET /api/v1/health/live."""

    @_documented("live", "This process answers")
    def get(self, request: Request) -> Response:
        """Always 200."""
        return Response({"status": OK})


class ReadyView(OpenView):
    """GET /api/v1/health/ready."""

    @_documented("ready", "This process may be sent requests: the database is there and migrated")
    def get(self, request: Request) -> Response:
        """200 or 503."""
        checks = {"database": health.database()}
        if checks["database"].status == OK:
            checks["migrations"] = health.migrations()
        return _answer(checks)


def _answer(
    checks: dict[str, Check], content: dict[str, Any] | None = None, *, broken: bool | None = None
) -> Response:
    status = worst(list(checks.values()))
    shown = {name: check.as_json() for name, check in checks.items()}
    failed = status == DOWN if broken is None else broken
    headers = {"Retry-After": "5"} if failed else {}
    return Response(
        {"status": status, **(content or {}), "checks": shown},
        status=503 if failed else 200,
        headers={"Cache-Control": "no-store", **headers},
    )
