"""Counts and times of requests, by route. No label is what a caller wrote: its values would have no end."""

from __future__ import annotations

import re
from functools import lru_cache

from django.http import HttpRequest
from prometheus_client import Counter, Histogram

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
UNMATCHED = "unmatched"
_CONVERTED = re.compile(r"<(?:\w+:)?(\w+)>")

REQUESTS = Counter("api_requests", "Requests answered", ["endpoint", "method", "status"])
DURATION = Histogram(
    "api_request_duration_seconds",
    "Time to answer",
    ["endpoint", "method"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


def observe(endpoint: str, method: str, status: int, seconds: float) -> None:
    """Count one request."""
    method = method if method in METHODS else "other"
    _count(endpoint, method, str(status)).inc()
    _duration(endpoint, method).observe(seconds)


def name_route(request: HttpRequest, endpoint: str) -> None:
    """A view that serves many resources by one route says which it was; only names of ours."""
    request.__dict__["endpoint"] = endpoint


def route_of(request: HttpRequest) -> str:
    """The route as the docs write it, such as /api/v1/jobs/{job_id}."""
    named = request.__dict__.get("endpoint")
    if named:
        return str(named)
    match = getattr(request, "resolver_match", None)
    return _written(match.route) if match else UNMATCHED


@lru_cache(maxsize=512)
def _written(route: str) -> str:
    return UNMATCHED if route.startswith("^") else "/" + _CONVERTED.sub(r"{\1}", route)


# Looking a child up by its labels costs more than counting: a bounded cache keeps them.
@lru_cache(maxsize=2_048)
def _count(endpoint: str, method: str, status: str) -> Counter:
    return REQUESTS.labels(endpoint, method, status)


@lru_cache(maxsize=512)
def _duration(endpoint: str, method: str) -> Histogram:
    return DURATION.labels(endpoint, method)
