"""Backfills: how far each is and when it is expected to end; start, pause, resume, cancel."""

from __future__ import annotations

from collections.abc import Container
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.enums import ActionVariant

from admin_ui import render
from admin_ui.access import actor, may_operate, require_operate
from admin_ui.acts import Act, on_many, on_one
from admin_ui.backfill_detail import tables
from admin_ui.backfill_form import FIELD_OF, BackfillForm, preview_of
from admin_ui.filters import EntityFilter, TextFilter
from admin_ui.page import EntityPage, PageList
from admin_ui.site import site
from sync.backfill import acts
from sync.backfill.plan import plan
from sync.backfill.progress import progress_of
from sync.errors import BridgeError
from sync.models import Backfill

STATES = {"running": "primary", "paused": "warning", "done": "success", "cancelled": ""}
_OFFERED = {"running": ("pause", "cancel"), "paused": ("resume", "cancel")}

PAUSE = Act(
    name="pause",
    title="Pause",
    icon="pause",
    question="Ask for no more pages? Windows that are read now stop soon and keep their place.",
    done="{count} paused.",
    call=lambda key, by, remark: acts.pause(UUID(key), by=by, reason=remark or None),
    remark="optional",
)
RESUME = Act(
    name="resume",
    title="Resume",
    icon="play_arrow",
    variant=ActionVariant.PRIMARY,
    question="Go on where it stands? Windows that failed are tried again.",
    done="{count} resumed.",
    call=lambda key, by, remark: acts.resume(UUID(key), by=by, reason=remark or None),
)
CANCEL = Act(
    name="cancel",
    title="Cancel",
    icon="cancel",
    variant=ActionVariant.DANGER,
    question="End it? What is committed stays; it cannot be resumed.",
    done="{count} cancelled.",
    call=lambda key, by, remark: acts.cancel(UUID(key), by=by, reason=remark or None),
    remark="optional",
)


class StateFilter(TextFilter):
    """By state."""

    title = "state"
    parameter_name = "state"
    words = tuple(Backfill.State.values)


class BackfillList(PageList):
    """The list with each backfill's figures, in two queries for all rows of it."""

    def get_results(self, request: HttpRequest) -> None:
        """The rows and their figures."""
        super().get_results(request)
        rows: list[Any] = list(self.result_list)
        figures = progress_of(rows)
        for row in rows:
            row.figures = figures[row.pk]
        self.result_list = rows


@admin.register(Backfill, site=site)
class BackfillsPage(EntityPage):
    """The list of backfills, the form of a new one, and one with its days and windows."""

    detail_title = "Backfill"
    list_display = ("condition", "of_entity", "range", "progress", "pace", "ends", "told", "begun")
    list_display_links = ("condition", "of_entity")
    list_filter = (StateFilter, EntityFilter)
    actions = ("pause_many", "resume_many", "cancel_many")
    actions_detail = ("pause_one", "resume_one", "cancel_one")
    fields = (
        ("condition", "of_entity"),
        ("range", "size"),
        ("progress", "ends"),
        ("pace", "workers"),
        ("requested_by", "begun_both"),
        ("told", "ended_both"),
    )
    change_form_outer_after_template = "admin_ui/tables.html"

    pause_one, pause_many = on_one(PAUSE), on_many(PAUSE)
    resume_one, resume_many = on_one(RESUME), on_many(RESUME)
    cancel_one, cancel_many = on_one(CANCEL), on_many(CANCEL)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who may operate may start one."""
        return may_operate(request)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[PageList]:
        """The list that knows the figures."""
        return BackfillList

    def acts_of(self, shown: Backfill) -> Container[str]:
        """What makes sense in its state."""
        return _OFFERED.get(shown.state, ())

    def detail(self, request: HttpRequest, shown: Backfill) -> dict[str, Any]:
        """Its windows, days and counts, drawn anew while it is under way."""
        return {"tables": tables(shown), "live": shown.state == Backfill.State.RUNNING}

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The form; a good POST leads to the backfill's page, one of `Preview` tells what it would be."""
        require_operate(request)
        form = BackfillForm(request.POST or None, initial={"entity": request.GET.get("entity")})
        shown = {"title": "New backfill", "form": form, "form_id": "backfill"}
        context = {**site.each_context(request), **shown}
        if request.method == "POST" and form.is_valid():
            try:
                if "_preview" not in request.POST:
                    reason = form.cleaned_data["reason"] or None
                    started = acts.start(form.asked(), by=actor(request), reason=reason)
                    messages.success(request, "Started.")
                    return HttpResponseRedirect(render.address("sync_backfill_change", started.pk))
                context["preview"] = preview_of(plan(form.asked()))
            except BridgeError as error:
                form.add_error(FIELD_OF.get(error.code), error.message)
        return TemplateResponse(request, "admin_ui/previewed_form.html", context)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """With its figures."""
        found: Any = super().get_object(request, object_id, from_field)
        if found is not None:
            found.figures = progress_of([found])[found.pk]
        return found

    @display(description="State", ordering="state")
    def condition(self, backfill: Backfill) -> SafeString:
        """The state as a label."""
        return render.label(backfill.state, STATES[backfill.state])

    @display(description="Range")
    def range(self, backfill: Backfill) -> str:
        """What it reads."""
        return f"{backfill.by} {backfill.low} … {backfill.high}"

    @display(description="Window")
    def size(self, backfill: Backfill) -> str:
        """Of each window."""
        return backfill.step if backfill.step[-1:] in "hd" else f"{int(backfill.step):,} keys"

    @display(description="Progress")
    def progress(self, backfill: Any) -> SafeString:
        """Rows, of how many, with a bar."""
        figures = backfill.figures
        of = f" of {figures.rows_expected:,}" if figures.rows_expected is not None else ""
        return format_html(
            '<span class="b-number">{}{} rows, {} of {} windows</span>'
            '<div class="b-bar"><i style="width:{}%"></i></div>',
            f"{figures.rows:,}",
            of,
            f"{figures.windows_done:,}",
            f"{figures.windows:,}",
            round(figures.share * 100),
        )

    @display(description="Pace")
    def pace(self, backfill: Any) -> str:
        """What it may read, and what it read of that today."""
        hours = f", {backfill.hours} UTC" if backfill.hours else ""
        if backfill.rows_per_day is None:
            return f"no limit{hours}"
        return f"{backfill.figures.rows_today:,} of {backfill.rows_per_day:,} today{hours}"

    @display(description="Expected end")
    def ends(self, backfill: Any) -> str | SafeString:
        """When it will be done, if it goes on so."""
        return render.ago(backfill.figures.expected_end)

    @display(description="Waits for")
    def told(self, backfill: Any) -> str:
        """Why it does not go on, or a person's remark."""
        return backfill.remark or backfill.figures.waits or render.NONE

    @display(description="Started", ordering="id")
    def begun(self, backfill: Backfill) -> str | SafeString:
        """When it was asked for."""
        return render.ago(backfill.created_at)

    @display(description="Started")
    def begun_both(self, backfill: Backfill) -> str | SafeString:
        """When it was asked for, exactly."""
        return render.both(backfill.created_at)

    @display(description="Ended")
    def ended_both(self, backfill: Backfill) -> str | SafeString:
        """When it was done or cancelled."""
        return render.both(backfill.finished_at)
