"""The form of a new schedule, and a preview of when it would run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from admin_ui import render
from admin_ui.job_detail import Table
from admin_ui.reason import reason_field
from admin_ui.schedule_form import HELP, MISSED_HELP, OVERLAP_HELP, PARAMS_HELP
from sync import asked
from sync.jobs import cadence
from sync.jobs.schedule_changes import SPAN_HELP, changes_of
from sync.models import Schedule
from sync.registry import registry


def _text(label: str, name: str = "", placeholder: str = "", *, required: bool = False) -> forms.CharField:
    widget = UnfoldAdminTextInputWidget(attrs={"placeholder": placeholder})
    return forms.CharField(
        label=label, required=required, max_length=500, widget=widget, help_text=HELP.get(name, "")
    )


class NewScheduleForm(forms.Form):
    """A schedule of a person's own."""

    name = _text("Name", placeholder="customers-nightly", required=True)
    kind = forms.ChoiceField(
        label="Asks for", choices=[(kind, kind) for kind in asked.kinds()], widget=UnfoldAdminSelectWidget
    )
    entity = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    every = _text("Interval", placeholder="15m")
    cron = _text("Cron expression", "cron", "0 3 * * *")
    zone = _text("Time zone", "zone", "UTC")
    jitter = _text("Jitter", "jitter", "1m")
    missed = forms.ChoiceField(
        choices=Schedule.Missed.choices, initial="one", widget=UnfoldAdminSelectWidget, help_text=MISSED_HELP
    )
    overlap = forms.ChoiceField(
        choices=Schedule.Overlap.choices,
        initial="skip",
        widget=UnfoldAdminSelectWidget,
        help_text=OVERLAP_HELP,
    )
    params = forms.JSONField(
        label="Parameters", required=False, widget=UnfoldAdminTextInputWidget, help_text=PARAMS_HELP
    )
    reason = reason_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(entity.path, f"{entity.label} ({entity.path})") for entity in registry]
        self.fields["entity"] = forms.ChoiceField(choices=choices, widget=UnfoldAdminSelectWidget)
        self.fields["every"].help_text = f"A length of time {SPAN_HELP}. Empty where a cron expression is."

    def wanted(self) -> dict[str, Any]:
        """What `schedules.create` takes. Raises InvalidRequest."""
        given: Mapping[str, Any] = {
            name: value for name, value in self.cleaned_data.items() if value and name != "reason"
        }
        changes = changes_of(given)
        return {"name": given["name"], "kind": given["kind"], "entity": given["entity"], "changes": changes}


def preview_of(schedule: Schedule) -> Table:
    """When it would run."""
    rows = [[render.stamp(moment)] for moment in cadence.next_runs(schedule)]
    return {"title": "Next runs", "headers": ["Without jitter"], "rows": rows, "empty": ""}
