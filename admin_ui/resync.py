"""Resync: read an entity anew, all of it, after a preview of what that touches."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from admin_ui import render
from admin_ui.access import actor, require_operate
from admin_ui.job_detail import Table
from admin_ui.reason import reason_field
from admin_ui.site import site
from sync import resync
from sync.errors import BridgeError
from sync.registry import registry

MODES = [
    ("keep", "keep: go on serving the records while they are read anew"),
    ("empty", "empty: start over; the records are marked deleted until they are read again"),
]
FIELD_OF = {"bad_mode": "mode", "confirmation_missing": "confirm"}


class ResyncForm(forms.Form):
    """Which entity, and whether its records go first."""

    entity = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    mode = forms.ChoiceField(choices=MODES, widget=UnfoldAdminSelectWidget)
    confirm = forms.CharField(
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text="To empty it: write the entity's path, such as netsuite.customers.",
    )
    reason = reason_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(entity.path, f"{entity.label} ({entity.path})") for entity in registry]
        self.fields["entity"] = forms.ChoiceField(choices=choices, widget=UnfoldAdminSelectWidget)


def page(request: HttpRequest) -> HttpResponse:
    """The form; `Preview` tells what would be touched, `Start` leads to the job."""
    require_operate(request)
    form = ResyncForm(request.POST or None, initial={"entity": request.GET.get("entity")})
    context = {**site.each_context(request), "title": "Resync", "form": form, "form_id": "resync"}
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        registered = registry.find(given["entity"])
        try:
            if "_preview" not in request.POST:
                job = resync.start(
                    registered,
                    given["mode"],
                    by=actor(request),
                    confirm=given["confirm"],
                    reason=given["reason"] or None,
                )
                messages.success(request, "Asked for; this is its job.")
                return HttpResponseRedirect(render.address("sync_job_change", job.pk))
            context["preview"] = _table(resync.preview(registered, given["mode"]))
        except BridgeError as error:
            form.add_error(FIELD_OF.get(error.code), error.message)
    return TemplateResponse(request, "admin_ui/previewed_form.html", context)


def _table(preview: resync.Preview) -> Table:
    rows = [[line] for line in preview.lines()]
    return {"title": f"{preview.entity}, mode {preview.mode}", "headers": ["What"], "rows": rows, "empty": ""}
