"""Limits: how many jobs of an entity or a system run at once."""

from __future__ import annotations

from collections.abc import Container
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from admin_ui import render
from admin_ui.acts import Act, on_many, on_one, remark_field
from admin_ui.page import Page
from admin_ui.site import site
from sync.audit import Actor
from sync.jobs import limit_acts, pauses
from sync.models import ScopeLimit

PAUSABLE = ("queue:", "system:", "entity:")
"""What is paused by more than its limit: an entity as such too."""


class LimitForm(BaseDialogForm):
    """How many at once, and why."""

    most = forms.IntegerField(
        label="At once",
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"autofocus": True}),
        help_text=f"From 1 to {limit_acts.MOST:,}. Empty: no limit, of a system only.",
    )
    remark = remark_field()


def _set(scope: str, by: Actor, remark: str, *, most: int | None) -> None:
    limit_acts.change(scope, most=most, by=by, reason=remark or None)


def _resume(scope: str, by: Actor, remark: str) -> None:
    if scope.startswith(PAUSABLE):
        pauses.resume(scope, by=by, reason=remark or None)
    else:
        limit_acts.change(scope, paused=False, by=by, reason=remark or None)


SET = Act(
    name="set",
    title="Set",
    icon="speed",
    question="How many of its jobs run at once? It counts from the next start on.",
    done="{count} changed.",
    call=partial(_set, most=None),
    form=LimitForm,
    call_with=lambda written: partial(_set, most=written["most"]),
)
PAUSE = Act(
    name="pause",
    title="Pause",
    icon="pause",
    question="Start none of its jobs until it is resumed? What runs now goes on.",
    done="{count} paused.",
    call=lambda scope, by, remark: limit_acts.change(scope, paused=True, by=by, reason=remark or None),
    remark="optional",
)
RESUME = Act(
    name="resume",
    title="Resume",
    icon="play_arrow",
    question="Let its jobs start again?",
    done="{count} resumed.",
    call=_resume,
    remark="optional",
)


@admin.register(ScopeLimit, site=site)
class LimitsPage(Page):
    """One row a limit."""

    detail_title = "Limit"
    list_display = ("scope", "standing", "at_once", "running", "waiting", "paused_by")
    list_display_links = ("scope",)
    search_fields = ("scope__contains",)
    actions = ("pause_many", "resume_many")
    actions_detail = ("set_one", "pause_one", "resume_one")
    fields = (("scope", "standing"), ("at_once", "paused_by"), ("running", "waiting"))

    set_one = on_one(SET)
    pause_one, pause_many = on_one(PAUSE), on_many(PAUSE)
    resume_one, resume_many = on_one(RESUME), on_many(RESUME)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ScopeLimit]:
        """A backfill's is its own affair."""
        return super().get_queryset(request).exclude(scope__startswith="backfill:")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, with how much each limit is used, in one query."""
        listed = super().get_changelist_instance(request)
        used = limit_acts.use([row.scope for row in listed.result_list])
        paused = _paused()
        for row in listed.result_list:
            row.__dict__ |= {"use": used[row.scope], "pause": paused.get(row.scope)}
        return listed

    def acts_of(self, shown: ScopeLimit) -> Container[str]:
        """Pause what goes, resume what is paused."""
        pausing = RESUME.name if _pause(shown) else PAUSE.name
        return (pausing,) if shown.scope.startswith("queue:") else (SET.name, pausing)

    @display(description="State", ordering="paused")
    def standing(self, row: ScopeLimit) -> SafeString:
        """Whether its jobs start."""
        return render.label("paused", "warning") if _pause(row) else render.label("active", "success")

    @display(description="Paused")
    def paused_by(self, row: Any) -> str | SafeString:
        """Since when, by whom and why."""
        pause = _pause(row)
        if pause is None or pause.since is None:
            return render.NONE
        words = f" by {pause.by}" + (f": {pause.reason}" if pause.reason else "")
        return format_html("{}{}", render.ago(pause.since), words)

    @display(description="At once", ordering="most")
    def at_once(self, row: ScopeLimit) -> str:
        """How many."""
        return "no limit" if row.most is None else str(row.most)

    @display(description="Running")
    def running(self, row: Any) -> int:
        """How many run now."""
        return _use(row).running

    @display(description="Waiting")
    def waiting(self, row: Any) -> int:
        """How many wait for room."""
        return _use(row).waiting


def _use(row: Any) -> limit_acts.Use:
    known: limit_acts.Use | None = row.__dict__.get("use")
    return known or limit_acts.use([row.scope])[row.scope]


def _pause(row: Any) -> pauses.Pause | None:
    known = row.__dict__
    found: pauses.Pause | None = known["pause"] if "pause" in known else _paused().get(row.scope)
    return found


def _paused() -> dict[str, pauses.Pause]:
    return {pause.scope: pause for pause in pauses.in_force()}
