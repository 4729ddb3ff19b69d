"""The one admin site: only our pages are on it, whatever else registers with Django's default site."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from unfold.sites import UnfoldAdminSite


class BridgeSite(UnfoldAdminSite):
    """Unfold's site with a dashboard as its first page and the `Sync now` and `Resync` pages."""

    site_title = "Bridge"
    site_header = "Bridge"
    index_title = "Dashboard"
    index_template = "admin_ui/dashboard.html"
    enable_nav_sidebar = True

    def extra_urls(self) -> list[URLPattern]:
        """Pages that belong to no table."""
        from admin_ui import resync, sync_now

        return [
            path("sync-now/", self.admin_view(sync_now.sync_now), name="sync_now"),
            path("resync/", self.admin_view(resync.page), name="resync"),
        ]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The dashboard."""
        from admin_ui import dashboard

        return super().index(request, {**dashboard.context(request), **(extra_context or {})})


site = BridgeSite()
