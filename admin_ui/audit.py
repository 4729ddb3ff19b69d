"""The audit: who did what, by which door, and what it changed. Nobody edits it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import action, display

from admin_ui import audit_detail, render
from admin_ui.filters import TextFilter
from admin_ui.page import Page
from admin_ui.site import site
from sync.models import AuditEntry
from sync.registry import registry
from sync.schema import entity_id, ready

PAGES = {
    "job": "sync_job_change",
    "failed_record": "sync_failedrecord_change",
    "schedule": "sync_schedule_change",
    "error_group": "sync_errorgroup_change",
    "delete_proposal": "sync_deleteproposal_change",
    "delivery": "sync_delivery_change",
    "mapping": "sync_mapping_change",
    "source_column": "sync_sourcecolumn_change",
    "backfill": "sync_backfill_change",
    "command": "sync_command_change",
    "budget": "sync_budget_change",
    "limit": "sync_scopelimit_change",
    "jobs": "sync_job_change",  # the one that did it to all
}
"""Where an object of a type can be looked at."""


class DoorFilter(TextFilter):
    """By the way in."""

    title = "door"
    parameter_name = "door"
    words = ("admin", "api", "shell", "callback")


class ObjectFilter(TextFilter):
    """By what was acted on."""

    title = "object"
    parameter_name = "object_type"
    words = tuple(sorted({*PAGES, "entity", "failed_records", "worker", "user", "group", "client"}))


class PeriodFilter(DropdownFilter):
    """By how long ago."""

    title = "period"
    parameter_name = "period"
    days: ClassVar = {"1": "Last 24 hours", "7": "Last 7 days", "30": "Last 30 days", "365": "Last year"}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(self.days.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        days = self.value()
        if days not in self.days:
            return queryset
        return queryset.filter(at__gte=timezone.now() - timedelta(days=int(days)))


# Unfold's annotations make no decorator of it.
_VERIFY: Any = action(description="Verify", url_path="verify", permissions=("operate",))


def verify(page: Any, request: HttpRequest) -> HttpResponse:
    """Whether the chain holds."""
    return HttpResponseRedirect(render.address("audit_verify"))


@admin.register(AuditEntry, site=site)
class AuditPage(Page):
    """The list of acts and one of them."""

    detail_title = "Audit entry"
    list_display = ("when", "actor", "door", "act", "target", "reason")
    list_display_links = ("when",)
    list_filter = (DoorFilter, ObjectFilter, PeriodFilter)
    list_select_related = ("link",)
    search_fields = ("actor", "act", "object_id", "request_id")
    search_help_text = "Who, the act (job.retry; job. for all on jobs), or the id of what was acted on"
    actions_list = ("verify",)
    verify = _VERIFY(verify)
    change_form_outer_after_template = "admin_ui/tables.html"
    fields = (("moment", "act"), ("actor", "door"), "target", "reason", "was", "became", "request_id")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        """By the exact name, act or id."""
        words = search_term.strip()
        if not words:
            return queryset, False
        if words.endswith("."):
            return queryset.filter(act__startswith=words), False
        return queryset.filter(
            Q(actor=words) | Q(act=words) | Q(object_id=words) | Q(request_id=words)
        ), False

    def detail(self, request: HttpRequest, shown: AuditEntry) -> dict[str, Any]:
        """What changed, and the link."""
        return {"tables": audit_detail.tables(shown)}

    @display(description="When", ordering="id")
    def when(self, entry: AuditEntry) -> str | SafeString:
        """How long ago."""
        return render.ago(entry.at)

    @display(description="When")
    def moment(self, entry: AuditEntry) -> str | SafeString:
        """Exactly when."""
        return render.both(entry.at)

    @display(description="Object")
    def target(self, entry: AuditEntry) -> str | SafeString:
        """What was acted on, as a link where it has a page."""
        words = f"{entry.object_type} {entry.object_id}"
        if entry.object_type == "entity" and entry.object_id in registry and ready(entry.object_id):
            return render.link(words, "sync_tracker_change", entity_id(entry.object_id))
        page = PAGES.get(entry.object_type)
        if page is None:
            return words
        try:
            return render.link(words, page, quote(entry.object_id))
        except NoReverseMatch:
            return words

    @display(description="Before")
    def was(self, entry: AuditEntry) -> str | SafeString:
        """The state before."""
        return render.block(entry.before)

    @display(description="After")
    def became(self, entry: AuditEntry) -> str | SafeString:
        """The state after."""
        return render.block(entry.after)
