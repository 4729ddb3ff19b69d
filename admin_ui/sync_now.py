"""Sync now: ask for a sync of an entity, and go to its job."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from admin_ui import render
from admin_ui.access import actor, require_operate
from admin_ui.reason import reason_field
from admin_ui.site import site
from sync.errors import BridgeError
from sync.jobs.enqueue import Enqueued
from sync.registry import registry
from sync.start import start_dry_run, start_sync


class SyncNowForm(forms.Form):
    """Which entity, and from when on."""

    entity = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    since = forms.CharField(
        required=False,
        max_length=100,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "2025-12-08T10:30:00Z"}),
        help_text="Read what changed since this moment (UTC). Empty: since the last complete sync.",
    )
    full = forms.BooleanField(
        required=False,
        label="Full",
        widget=UnfoldBooleanSwitchWidget,
        help_text="Read everything again. Unchanged rows are recognised by their bytes and not written.",
    )

    dry_run = forms.BooleanField(
        required=False,
        label="Dry run",
        widget=UnfoldBooleanSwitchWidget,
        help_text="Only tell what would be done, by at most 100 pages. Nothing is written; the job has the report.",
    )

    reason = reason_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(entity.path, f"{entity.label} ({entity.path})") for entity in registry]
        self.fields["entity"] = forms.ChoiceField(choices=choices, widget=UnfoldAdminSelectWidget)


def sync_now(request: HttpRequest) -> HttpResponse:
    """The form; a good POST leads to the job's page."""
    require_operate(request)
    form = SyncNowForm(request.POST or None, initial={"entity": request.GET.get("entity")})
    if request.method == "POST" and form.is_valid():
        wanted = _start(request, form)
        if wanted is not None:
            told = (
                "Asked for; this is its job."
                if wanted.created
                else "The same is under way already; this is its job."
            )
            messages.success(request, told)
            return HttpResponseRedirect(render.address("sync_job_change", wanted.job.id))
    context = {**site.each_context(request), "title": "Sync now", "form": form}
    return TemplateResponse(request, "admin_ui/sync_now.html", context)


def _start(request: HttpRequest, form: SyncNowForm) -> Enqueued | None:
    asked = form.cleaned_data
    start = start_dry_run if asked["dry_run"] else start_sync
    try:
        return start(
            registry.find(asked["entity"]),
            since=asked["since"] or None,
            full=asked["full"],
            by=actor(request),
            reason=asked["reason"] or None,
        )
    except BridgeError as error:
        form.add_error("since" if error.code == "bad_since" else None, error.message)
        return None
