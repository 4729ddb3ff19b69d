"""Schedules: when work is asked for by itself. The one page that is edited; what is edited stays so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from admin_ui import render
from admin_ui.access import actor
from admin_ui.filters import EntityFilter
from admin_ui.page import EntityPage
from admin_ui.schedule_form import ScheduleForm, told
from admin_ui.site import site
from sync import audit
from sync.jobs import cadence
from sync.models import Schedule


@admin.register(Schedule, site=site)
class SchedulesPage(EntityPage):
    """The list of schedules and the form of one."""

    form = ScheduleForm
    change_form_template: ClassVar[Any] = None
    list_display = ("name", "of_entity", "work", "cadence", "on", "own", "next_run", "last_run")
    list_filter = (EntityFilter, "enabled")
    fields = (
        "name",
        "of_entity",
        "work",
        "enabled",
        "every",
        "cron",
        "zone",
        "own",
        "coming",
        "last_run_both",
    )
    readonly_fields = ("name", "of_entity", "work", "own", "coming", "last_run_both")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who may operate may edit."""
        return self.has_operate_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Schedule, form: Any, change: bool) -> None:
        """Keep it as edited, with its next moment, and note in the same commit who did it."""
        if not form.changed_data:
            return
        before = told(Schedule.objects.get(pk=obj.pk))
        obj.edited = True
        obj.next_run_at = cadence.next_run(obj, datetime.now(UTC))
        obj.save()
        audit.record(
            "schedule.edit", "schedule", str(obj.pk), by=actor(request), before=before, after=told(obj)
        )

    def detail(self, request: HttpRequest, shown: Schedule) -> dict[str, Any]:
        """The form, with one way to save it."""
        return {"title": "Schedule", "show_save_and_continue": False}

    @display(description="Asks for")
    def work(self, schedule: Schedule) -> str:
        """The kind of job, and whether it reads everything."""
        return f"full {schedule.kind}" if schedule.params.get("full") else schedule.kind

    @display(description="When")
    def cadence(self, schedule: Schedule) -> str:
        """The interval, or the cron expression and its zone."""
        if schedule.every is not None:
            return f"every {render.span(schedule.every)}"
        return f"{schedule.cron} ({schedule.zone})"

    @display(description="On", ordering="enabled", boolean=True)
    def on(self, schedule: Schedule) -> bool:
        """Whether it runs."""
        return schedule.enabled

    @display(description="Origin", ordering="edited")
    def own(self, schedule: Schedule) -> SafeString:
        """Declared, or edited by a person and left alone since."""
        return render.label("edited", "info") if schedule.edited else render.label("declared")

    @display(description="Next run", ordering="next_run_at")
    def next_run(self, schedule: Schedule) -> str | SafeString:
        """When it is due."""
        return render.ago(schedule.next_run_at) if schedule.enabled else render.NONE

    @display(description="Last run", ordering="last_run_at")
    def last_run(self, schedule: Schedule) -> str | SafeString:
        """When it last asked for work."""
        return render.ago(schedule.last_run_at)

    @display(description="Next runs")
    def coming(self, schedule: Schedule) -> str | SafeString:
        """The coming moments, as it is saved: a form with errors has changed the object already."""
        moments = cadence.next_runs(Schedule.objects.get(pk=schedule.pk))
        return format_html_join("", "{}<br>", ((render.stamp(moment),) for moment in moments)) or "It is off."

    @display(description="Last run")
    def last_run_both(self, schedule: Schedule) -> str | SafeString:
        """When it last asked for work, exactly."""
        return render.both(schedule.last_run_at)
