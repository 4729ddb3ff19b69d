"""The one admin site: only our pages are on it, whatever else registers with Django's default site."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from unfold.sites import UnfoldAdminSite


class BridgeSite(UnfoldAdminSite):
    """Unfold's site with a dashboard as its first page and pages that belong to no table."""

    site_title = "Bridge"
    site_header = "Bridge"
    index_title = "Dashboard"
    index_template = "admin_ui/dashboard.html"
    enable_nav_sidebar = True

    def extra_urls(self) -> list[URLPattern]:
        """Pages that belong to no table."""
        from admin_ui import audit_verify, dead_jobs, job_edit, jobs_bulk, resync, sync_now

        return [
            path("sync-now/", self.admin_view(sync_now.sync_now), name="sync_now"),
            path("audit-verify/", self.admin_view(audit_verify.page), name="audit_verify"),
            path("dead-jobs/", self.admin_view(dead_jobs.page), name="dead_jobs"),
            path("jobs-bulk/", self.admin_view(jobs_bulk.page), name="jobs_bulk"),
            path("jobs-edit/<uuid:job_id>/", self.admin_view(job_edit.page), name="job_edit"),
            path("resync/", self.admin_view(resync.page), name="resync"),
        ]

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:  # Django's annotation and Unfold's contradict each other
        """One's own, with its entry in the audit."""
        from admin_ui.people import password_changed

        with transaction.atomic():
            answer = super().password_change(request, extra_context)
            password_changed(request, answer)
        return answer

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The dashboard."""
        from admin_ui import dashboard

        return super().index(request, {**dashboard.context(request), **(extra_context or {})})


site = BridgeSite()
