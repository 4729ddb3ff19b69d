"""Schedules: when work is asked for by itself; add, edit, switch, run now. What is edited stays so."""

from __future__ import annotations

from collections.abc import Container
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from admin_ui import render
from admin_ui.access import actor, may_operate, require_operate
from admin_ui.acts import on_many, on_one
from admin_ui.filters import EntityFilter
from admin_ui.new_schedule import NewScheduleForm, preview_of
from admin_ui.page import EntityPage
from admin_ui.schedule_acts import DELETE, OFF, ON, RESET, RUN
from admin_ui.schedule_form import ScheduleForm
from admin_ui.site import site
from sync.errors import BridgeError
from sync.jobs import cadence, schedules
from sync.jobs.schedule_words import origin, trouble
from sync.models import Schedule

ORIGINS = {"edited": "info", "added": "primary"}


@admin.register(Schedule, site=site)
class SchedulesPage(EntityPage):
    """The list of schedules, the form of one, and the form of a new one."""

    form = ScheduleForm
    change_form_template: ClassVar[Any] = None
    list_display = ("name", "of_entity", "work", "cadence", "on", "own", "next_run", "last_run")
    list_filter = (EntityFilter, "enabled")
    actions = ("run_many", "switch_on_many", "switch_off_many", "reset_many", "delete_added_many")
    actions_detail = ("run_one", "switch_on_one", "switch_off_one", "reset_one", "delete_added_one")
    fields = (
        "name",
        "of_entity",
        "work",
        "trouble",
        "enabled",
        "every",
        "cron",
        "zone",
        "jitter",
        "missed",
        "overlap",
        "params",
        "reason",
        "own",
        "coming",
        "waiting",
        "last_run_both",
    )
    readonly_fields = ("name", "of_entity", "work", "trouble", "own", "coming", "waiting", "last_run_both")

    run_one, run_many = on_one(RUN), on_many(RUN)
    switch_on_one, switch_on_many = on_one(ON), on_many(ON)
    switch_off_one, switch_off_many = on_one(OFF), on_many(OFF)
    reset_one, reset_many = on_one(RESET), on_many(RESET)
    delete_added_one, delete_added_many = on_one(DELETE), on_many(DELETE)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who may operate may add one."""
        return may_operate(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who may operate may edit."""
        return self.has_operate_permission(request, obj)

    def acts_of(self, shown: Schedule) -> Container[str]:
        """What makes sense for it."""
        of_origin = {"added": "delete_added", "edited": "reset"}.get(origin(shown), "")
        return ("run", "switch_off" if shown.enabled else "switch_on", of_origin)

    def save_model(self, request: HttpRequest, obj: Schedule, form: Any, change: bool) -> None:
        """Keep what was changed, with its next moment, and note in the same commit who did it."""
        changes = {name: form.cleaned_data[name] for name in form.changed_data if name != "reason"}
        schedules.edit(obj.pk, changes, by=actor(request), reason=form.cleaned_data["reason"] or None)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The form; a good POST leads to the schedule's page, one of `Preview` tells when it would run."""
        require_operate(request)
        form = NewScheduleForm(request.POST or None, initial={"entity": request.GET.get("entity")})
        shown = {"title": "New schedule", "form": form, "form_id": "schedule", "verb": "Add"}
        context = {**site.each_context(request), **shown}
        if request.method == "POST" and form.is_valid():
            try:
                if "_preview" not in request.POST:
                    reason = form.cleaned_data["reason"] or None
                    made = schedules.create(**form.wanted(), by=actor(request), reason=reason)
                    messages.success(request, "Added.")
                    return HttpResponseRedirect(render.address("sync_schedule_change", made.pk))
                context["preview"] = preview_of(schedules.planned(**form.wanted()))
            except BridgeError as error:
                form.add_error(None, error.message)
        return TemplateResponse(request, "admin_ui/previewed_form.html", context)

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
        """Declared, edited by a person and left alone since, or added."""
        word = origin(schedule)
        return render.label(word, ORIGINS.get(word, ""))

    @display(description="Next run", ordering="next_run_at")
    def next_run(self, schedule: Schedule) -> str | SafeString:
        """When it is due."""
        return render.ago(schedule.next_run_at) if schedule.enabled else render.NONE

    @display(description="Last run", ordering="last_run_at")
    def last_run(self, schedule: Schedule) -> str | SafeString:
        """When it last asked for work."""
        return render.ago(schedule.last_run_at)

    @display(description="Trouble")
    def trouble(self, schedule: Schedule) -> str:
        """Why it can't ask for anything."""
        return trouble(schedule) or render.NONE

    @display(description="Waiting")
    def waiting(self, schedule: Schedule) -> str | SafeString:
        """Slots that wait for the last job, and that job."""
        if schedule.last_job is None:
            return render.NONE
        job = render.link(schedule.last_job, "sync_job_change", schedule.last_job)
        return format_html("{} slots behind its last job {}", len(schedule.owed), job)

    @display(description="Next runs")
    def coming(self, schedule: Schedule) -> str | SafeString:
        """The coming moments, as it is saved: a form with errors has changed the object already."""
        moments = cadence.next_runs(Schedule.objects.get(pk=schedule.pk))
        return format_html_join("", "{}<br>", ((render.stamp(moment),) for moment in moments)) or "It is off."

    @display(description="Last run")
    def last_run_both(self, schedule: Schedule) -> str | SafeString:
        """When it last asked for work, exactly."""
        return render.both(schedule.last_run_at)
