"""GET /: what this is and where things are."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from sync.registry import registry

PLACES = (
    ("docs", "/docs", "Try every address; the schema is at /api/schema"),
    ("admin", "/admin/", "Jobs, failures, trackers: look and act"),
    ("health", "/api/v1/health", "Is all well?"),
    ("jobs", "/api/v1/jobs", "What was asked for, and what became of it"),
    ("failed records", "/api/v1/failed-records", "What could not be used, and why"),
    ("error groups", "/api/v1/error-groups", "Failures by their cause: preview, run all again"),
    ("trackers", "/api/v1/trackers", "How fresh each entity is"),
    ("metrics", "/metrics", "For Prometheus"),
)

PAGES = (
    ("docs", "/docs", "Try every address; the schema is at /api/schema"),
    ("admin", "admin:index", "How everything stands, and what waits for a person"),
    ("jobs", "admin:sync_job_changelist", "What was asked for, and what became of it"),
    ("failed records", "admin:sync_failedrecord_changelist", "What could not be used, and why: mend it"),
    ("trackers", "admin:sync_tracker_changelist", "How fresh each entity is"),
    ("health", "/api/v1/health", "Is all well?"),
)
"""Where a person is led: a browser has no token, so the admin's pages stand for the API's lists."""


@require_safe
def welcome(request: HttpRequest) -> HttpResponse:
    """A page for a browser, JSON for everything else."""
    entities = [
        {"entity": one.path, "label": one.label, "url": f"/api/v1/{one.path.replace('.', '/')}"}
        for one in registry
    ]
    content = {"name": "Bridge", "version": settings.BRIDGE_VERSION, "entities": entities}
    if "text/html" not in request.headers.get("Accept", ""):
        return JsonResponse({**content, "links": {name.replace(" ", "_"): url for name, url, _ in PLACES}})
    return render(request, "api/welcome.html", {**content, "places": PLACES, "pages": _pages()})


def _pages() -> list[tuple[str, str, str]]:
    return [(name, reverse(at) if ":" in at else at, words) for name, at, words in PAGES]
