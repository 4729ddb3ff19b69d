"""Lanes: what waits for its turn, and behind which job."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from admin_ui import render
from admin_ui.page import Page
from admin_ui.site import site
from sync.jobs import lane_words, standstill
from sync.models import Job, LaneRow

SHOWN_WAITING = 50


class StandingFilter(DropdownFilter):
    """By whether it waits for a person."""

    title = "standing"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("dead", "Stopped by a dead job")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[LaneRow]) -> QuerySet[LaneRow]:
        return queryset.filter(job__status=Job.Status.FAILED) if self.value() == "dead" else queryset


@admin.register(LaneRow, site=site)
class LanesPage(Page):
    """One row a lane in which a job waits, or that a dead job stops."""

    detail_title = "Lane"
    list_select_related: ClassVar[Any] = ("job",)
    list_display = ("lane", "standing", "waiting", "since", "reason")
    list_display_links = ("lane",)
    list_filter = (StandingFilter,)
    search_fields = ("lane__startswith",)
    search_help_text = "How its name begins"
    ordering = ("lane",)
    fields = (("lane", "standing"), ("waiting", "since"), "reason", "behind")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LaneRow]:
        """With the job that the others wait for."""
        return super().get_queryset(request).select_related("job")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, with what keeps jobs from starting, looked up once."""
        listed = super().get_changelist_instance(request)
        now = standstill.look()
        for row in listed.result_list:
            row.__dict__["standstill"] = now
        return listed

    @display(description="State")
    def standing(self, row: LaneRow) -> SafeString:
        """Whether it moves, or waits for a person."""
        if row.job.status == Job.Status.FAILED:
            return render.label("stopped by a dead job", "danger")
        if row.job.status == Job.Status.PROCESSING:
            return render.label("moving", "success")
        now = row.__dict__.get("standstill") or standstill.look()
        waits = row.job.hold or ("standing still" if now.why(row.job) else None)
        return render.label(waits or "about to start", "warning" if waits else "success")

    @display(description="Waiting since", ordering="waiting_since")
    def since(self, row: LaneRow) -> str | SafeString:
        """Since when the first of them waits."""
        return render.ago(row.waiting_since)

    @display(description="Why")
    def reason(self, row: LaneRow) -> SafeString:
        """Why they wait, with the way to the job that ends it."""
        link = render.link("Job", "sync_job_change", row.job_id)
        now = row.__dict__.get("standstill") or standstill.look()
        return format_html("{} · {}", lane_words.why(row.job, now), link)

    @display(description="Waiting jobs")
    def behind(self, row: LaneRow) -> str | SafeString:
        """The next ones, in their order."""
        jobs = Job.objects.filter(lanes__contains=[row.lane], status=Job.Status.PENDING, hold="lane")
        found = list(jobs.order_by("id")[:SHOWN_WAITING])
        links = (render.link(f"{job.kind} {job.id}", "sync_job_change", job.id) for job in found)
        return SafeString("<br>").join(links) if found else render.NONE
