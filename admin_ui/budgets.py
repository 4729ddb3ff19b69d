"""Budgets: what each system allows, what is left of it. Limits are edited here; what is edited stays so."""

from __future__ import annotations

import math
from collections.abc import Container
from datetime import UTC, datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from admin_ui import render
from admin_ui.access import actor
from admin_ui.acts import Act, on_one
from admin_ui.budget_form import BudgetForm
from admin_ui.page import Page
from admin_ui.site import site
from sync.budget import acts
from sync.budget.left import share, tokens_left
from sync.budget.standing import standing_of, told
from sync.models import Budget
from sync.registry import registry

FOLLOW = Act(
    name="follow",
    title="Follow the declaration",
    icon="undo",
    question="Take the limits of the declaration again?",
    done="{count} follows its declaration.",
    call=lambda key, by, remark: acts.follow(key, by=by, reason=remark or None),
    remark="optional",
)
RESUME = Act(
    name="resume",
    title="End the pause",
    icon="play_arrow",
    question="Ask the system again at once, although it asked for a pause or failed?",
    done="{count} is asked again.",
    call=lambda key, by, remark: acts.resume(key, by=by, reason=remark or None),
    remark="optional",
)


@admin.register(Budget, site=site)
class BudgetsPage(Page):
    """One row a system, and the form of its limits."""

    form = BudgetForm
    change_form_template: ClassVar[Any] = None
    list_display = ("system", "per_second", "at_once", "per_day", "left", "speed", "pause", "own")
    ordering = ("system",)
    actions_detail = ("follow_one", "resume_one")
    fields = (
        "system",
        "rate",
        "burst",
        "concurrent",
        "day_quota",
        "reason",
        "own",
        "left",
        "speed",
        "pause",
        "says",
        "under_way",
        "used",
        "backlog",
    )
    readonly_fields = ("system", "own", "left", "speed", "pause", "says", "under_way", "used", "backlog")

    follow_one, resume_one = on_one(FOLLOW), on_one(RESUME)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who may operate may edit."""
        return self.has_operate_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Budget]:
        """The systems that are declared; one that was never asked has its row from here on."""
        acts.write_missing()
        names = [system.name for system in registry.systems]
        return super().get_queryset(request).filter(system__in=names)

    def acts_of(self, shown: Budget) -> Container[str]:
        """Only those that change something."""
        paused = shown.not_before is not None and shown.not_before > datetime.now(UTC)
        stopped = paused or shown.breaker != "closed"
        return ((FOLLOW.name,) if shown.edited else ()) + ((RESUME.name,) if stopped else ())

    def save_model(self, request: HttpRequest, obj: Budget, form: Any, change: bool) -> None:
        """Keep it as edited, and note in the same commit who did it."""
        if set(form.changed_data) - {"reason"}:
            reason = form.cleaned_data["reason"] or None
            acts.edit(obj.system, form.limits(), by=actor(request), reason=reason)

    def detail(self, request: HttpRequest, shown: Budget) -> dict[str, Any]:
        """The form, with one way to save it."""
        return {"title": "Budget", "show_save_and_continue": False}

    @display(description="Requests a second", ordering="rate")
    def per_second(self, budget: Budget) -> str:
        """The rate and the burst."""
        if not math.isfinite(budget.rate):
            return render.NONE
        return f"{budget.rate:g}, in a burst {budget.burst:g}"

    @display(description="At once", ordering="concurrent")
    def at_once(self, budget: Budget) -> str:
        """Requests under way at once."""
        return render.number(budget.concurrent)

    @display(description="A day", ordering="day_quota")
    def per_day(self, budget: Budget) -> str:
        """The daily quota."""
        return render.number(budget.day_quota)

    @display(description="Left now")
    def left(self, budget: Budget) -> str:
        """Requests that may leave at once."""
        return render.number(tokens_left(budget.system, budget, datetime.now(UTC)))

    @display(description="Speed")
    def speed(self, budget: Budget) -> str | SafeString:
        """How fast it is asked since its last refusal."""
        part = share(budget, datetime.now(UTC))
        return render.label("full", "success") if part == 1 else render.label(f"{part:.0%}", "warning")

    @display(description="Paused", ordering="not_before")
    def pause(self, budget: Budget) -> str | SafeString:
        """Until when it asked for a pause, or is left alone because it failed."""
        if budget.breaker != "closed":
            words = f"failed {budget.failures} times"
            return format_html("{} {}", render.label(words, "danger"), render.ago(budget.breaker_until))
        over = budget.not_before is None or budget.not_before <= datetime.now(UTC)
        return render.NONE if over else render.ago(budget.not_before)

    @display(description="It says itself")
    def says(self, budget: Budget) -> str | SafeString:
        """What its answers say of its own limit."""
        found = told(budget, datetime.now(UTC))
        if found is None:
            return render.NONE
        words = f"{render.number(found.left)} of {render.number(found.limit)} requests left"
        until = f", until {render.stamp(found.resets_at)}" if found.resets_at else ""
        return f"{words}{until}{f'; could not be read: {found.ignored}' if found.ignored else ''}"

    @display(description="Origin", ordering="edited")
    def own(self, budget: Budget) -> SafeString:
        """Declared, or edited by a person and left alone since."""
        return render.label("edited", "info") if budget.edited else render.label("declared")

    @display(description="Under way")
    def under_way(self, budget: Budget) -> str:
        """Slots that are leased now."""
        return render.number(standing_of(budget.system).under_way)

    @display(description="Used today")
    def used(self, budget: Budget) -> str:
        """Of the daily quota."""
        return render.number(standing_of(budget.system).used_today)

    @display(description="Jobs that wait")
    def backlog(self, budget: Budget) -> str:
        """How many, how many requests they may take, and when they may be done."""
        waiting = standing_of(budget.system).backlog
        ends = f", done about {render.stamp(waiting.ends_at)}" if waiting.ends_at else ""
        return f"{waiting.jobs:,}, about {waiting.requests:,} requests{ends}"
