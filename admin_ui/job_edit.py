"""Edit and run: a job's work with other parameters, as a new job."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminTextareaWidget

from admin_ui import render
from admin_ui.access import actor, require_operate
from admin_ui.reason import reason_field
from admin_ui.site import site
from sync.errors import BridgeError
from sync.jobs.edit import edit
from sync.models import Job
from sync.redaction import masked


class JobEditForm(forms.Form):
    """All parameters of the new job."""

    params = forms.CharField(
        label="Parameters", widget=UnfoldAdminTextareaWidget(attrs={"rows": 10, "spellcheck": "false"})
    )
    reason = reason_field()

    def clean_params(self) -> dict[str, Any]:
        """A JSON object."""
        try:
            value = json.loads(self.cleaned_data["params"])
        except (json.JSONDecodeError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise forms.ValidationError('Write a JSON object, such as {"full": true}.')
        return value


def page(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The form; a good POST leads to the new job."""
    require_operate(request)
    job = Job.objects.filter(pk=job_id).first()
    if job is None:
        raise Http404
    shown = json.dumps(masked(job.params), indent=2, ensure_ascii=False)
    form = JobEditForm(request.POST or None, initial={"params": shown})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = edit(job_id, given["params"], by=actor(request), reason=given["reason"] or None)
        except BridgeError as error:
            form.add_error("params", error.message)
        else:
            messages.success(request, "Asked for as a new job: this one.")
            return HttpResponseRedirect(render.address("sync_job_change", made.pk))
    context = {
        "title": f"Edit and run {job.kind}",
        "form": form,
        "form_id": "edit",
        "once": True,
        "verb": "Run",
    }
    return TemplateResponse(
        request, "admin_ui/previewed_form.html", {**site.each_context(request), **context}
    )
