"""One act on all jobs that a filter finds, after a preview."""

from __future__ import annotations

import shlex
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from admin_ui import render
from admin_ui.access import actor, require_operate
from admin_ui.job_detail import Table
from admin_ui.site import site
from sync.errors import BridgeError, InvalidRequest
from sync.jobs import many, together
from sync.jobs.kinds import KINDS
from sync.jobs.selecting import NAMES, STATUSES, Selection
from sync.registry import registry

PARAMS_HELP = "Parameters by their path, such as target=hub key.id=7."
ANY = ("", "any")


def _text(label: str, help_text: str = "", placeholder: str = "") -> forms.CharField:
    widget = UnfoldAdminTextInputWidget(attrs={"placeholder": placeholder})
    return forms.CharField(label=label, required=False, max_length=500, widget=widget, help_text=help_text)


def _choice(label: str, words: Any, *, required: bool = False) -> forms.ChoiceField:
    choices = [*([] if required else [ANY]), *((word, word) for word in words)]
    return forms.ChoiceField(label=label, required=required, choices=choices, widget=UnfoldAdminSelectWidget)


class JobsBulkForm(forms.Form):
    """What is done, and to which jobs."""

    act = _choice("Act", together.ACTS, required=True)
    status = _choice("Status", STATUSES)
    kind = _choice("Kind", KINDS)
    code = _text("Error code", placeholder="far_end_unavailable")
    error = _text("Error has the words")
    params = _text("Parameters", PARAMS_HELP, "target=hub")
    since = _text("Asked for since", "A moment (UTC).", "2026-01-31T00:00:00Z")
    until = _text("Asked for before", "A moment (UTC).")
    lane = _text("Lane")
    parent = _text("Asked for by job")
    per_second = forms.FloatField(
        label="Jobs a second",
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="At most; empty: no limit.",
    )
    reason = _text("Reason", "Kept in the audit and in each job's log.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["entity"] = _choice("Entity", [registered.path for registered in registry])
        self.order_fields(("act", "status", "entity", "kind"))

    def selection(self) -> Selection:
        """The jobs that are meant. Raises InvalidRequest."""
        given = {name: self.cleaned_data[name] for name in NAMES if self.cleaned_data.get(name)}
        return Selection.of({**given, **_paths(self.cleaned_data.get("params") or "")})


def page(request: HttpRequest) -> HttpResponse:
    """The form; `Preview` tells what would be found, `Start` leads to the job that does it."""
    require_operate(request)
    form = JobsBulkForm(request.POST or None, initial=request.GET.dict())
    context = {**site.each_context(request), "title": "Act on many jobs", "form": form, "form_id": "bulk"}
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            if "_preview" in request.POST:
                context["preview"] = _table(many.preview(form.selection(), given["act"]))
            else:
                pace, reason = given["per_second"], given["reason"] or None
                job = many.start(
                    form.selection(), given["act"], by=actor(request), reason=reason, per_second=pace
                )
                messages.success(request, "Asked for; this is the job that does it.")
                return HttpResponseRedirect(render.address("sync_job_change", job.pk))
        except BridgeError as error:
            form.add_error(None, error.message)
    return TemplateResponse(request, "admin_ui/previewed_form.html", context)


def _paths(text: str) -> dict[str, str]:
    try:
        pairs = [pair.partition("=") for pair in shlex.split(text)]
    except ValueError as error:
        raise InvalidRequest(f"{PARAMS_HELP} ({error})", code="bad_parameter") from None
    if not all(equals for _, equals, _ in pairs):
        raise InvalidRequest(PARAMS_HELP, code="bad_parameter")
    return {f"params.{path}": value for path, _, value in pairs}


def _table(found: many.Preview) -> Table:
    rows: list[list[Any]] = [[f"{found.act}: makes sense", render.number(found.fit)]]
    rows += [
        [f"left alone: {state}", render.number(number)] for state, number in sorted(found.refused.items())
    ]
    rows += [["the oldest", render.link(number, "sync_job_change", number)] for number in found.sample[:5]]
    return {
        "title": f"{found.found:,} jobs are like that",
        "headers": ["What", "Jobs"],
        "rows": rows,
        "empty": "",
    }
