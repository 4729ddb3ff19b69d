"""GET /metrics (also /admin/metrics): what this machine counted, and what the database holds."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import ClassVar

from django.db import Error, connection
from django.http import HttpRequest, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from api.auth import HasScope
from api.scopes import METRICS
from sync import gauges
from sync.budget.backlog import Backlog
from sync.budget.standing import standings

LOOPBACK = frozenset({"127.0.0.1", "::1"})


class FromHereOrScope(BasePermission):
    """Open to this machine; from elsewhere a token needs the scope."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """A request that a proxy passed on comes from elsewhere, whatever its address."""
        return is_local(request._request) or HasScope().has_permission(request, view)


class MetricsView(APIView):
    """Prometheus text."""

    scopes: ClassVar = {"GET": METRICS}
    permission_classes = (FromHereOrScope,)

    @extend_schema(
        operation_id="metrics_read",
        tags=["metrics"],
        summary="Prometheus metrics; open to loopback, else with the scope `metrics`",
        responses={(200, "text/plain"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> HttpResponse:
        """All metrics."""
        return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)


class AdminMetricsView(MetricsView):
    """The same at its older address, which the docs leave out."""

    schema = None


class DatabaseCollector(Collector):
    """Gauges read from the database when they are asked for: the same from every process and machine."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Each gauge with its samples."""
        yield from _budgets()
        queues = gauges.queues()
        yield _family(
            "bridge_queue_length", "Jobs waiting.", "queue", {queue.name: queue.length for queue in queues}
        )
        yield _family(
            "bridge_queue_oldest_seconds",
            "Since the oldest job that could run has waited.",
            "queue",
            {queue.name: queue.oldest_seconds for queue in queues},
        )
        yield _family(
            "bridge_workers",
            "Living workers that take jobs of the queue; 0 while they are drained.",
            "queue",
            gauges.taking(),
        )
        yield _family(
            "bridge_freshness_seconds", "Age of the last complete run.", "entity", gauges.freshness()
        )
        yield _family("bridge_failed_records", "Open failed records.", "entity", gauges.failed_records())
        yield _family("bridge_dead_jobs", "Jobs out of tries, not dealt with.", "module", gauges.dead_jobs())
        yield _family(
            "bridge_pending_children", "Rows waiting for a parent.", "entity", gauges.pending_children()
        )
        yield _family(
            "bridge_unknown_commands",
            "Commands of which nobody knows whether they took effect.",
            "command",
            gauges.unknown_commands(),
        )
        drift = GaugeMetricFamily(
            "bridge_drift_columns", "Columns that changed at the source.", labels=["entity", "state"]
        )
        for (entity, state), number in gauges.drift().items():
            drift.add_metric([entity, state], number)
        yield drift
        yield _family(
            "bridge_pending_oldest_seconds",
            "Since the oldest of them waits.",
            "entity",
            gauges.oldest_pending(),
        )


def _budgets() -> Iterator[GaugeMetricFamily]:
    words = "Requests that may leave at once: what our own budget leaves, not what the far end says."
    found, now = standings(), datetime.now(UTC)
    for one in found:
        if one.remaining is not None:
            family = GaugeMetricFamily(f"{one.system}_rate_limit_remaining", words)
            family.add_metric([], one.remaining)
            yield family
    yield _family(
        "bridge_quota_remaining",
        "Requests left of the daily quota; systems without one are left out.",
        "system",
        {
            one.system: max(one.limits.per_day - one.used_today, 0)
            for one in found
            if one.limits.per_day is not None
        },
    )
    yield _family(
        "bridge_backlog_seconds",
        "Until the jobs that wait for a system may be done, as estimated; where nothing tells, it is left out.",
        "system",
        {
            one.system: _seconds(one.backlog, now)
            for one in found
            if one.backlog.ends_at or not one.backlog.jobs
        },
    )


def _seconds(backlog: Backlog, now: datetime) -> float:
    return (backlog.ends_at - now).total_seconds() if backlog.ends_at else 0.0


def exposition() -> bytes:
    """The text: counters of all processes of this machine where they share a folder, else of this one."""
    counted = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]  # prometheus_client leaves it bare
    held = CollectorRegistry(auto_describe=False)
    try:
        held.register(DatabaseCollector())
        return generate_latest(counted) + generate_latest(held)
    except Error:
        connection.close_if_unusable_or_obsolete()
        return generate_latest(counted)  # an outage must not blind whoever watches it


def is_local(request: HttpRequest) -> bool:
    """Whether the request was made on this machine."""
    passed_on = any(
        name in request.META for name in ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")
    )
    return request.META.get("REMOTE_ADDR") in LOOPBACK and not passed_on


def _family(name: str, words: str, label: str, samples: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=[label])
    for value, number in samples.items():
        family.add_metric([value], number)
    return family
