"""The form of a new backfill: what is asked, and a preview of it before it begins."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from admin_ui import render
from admin_ui.job_detail import Table
from admin_ui.reason import reason_field
from sync.backfill.cutting import KEYS_A_WINDOW, TIME_A_WINDOW
from sync.backfill.plan import DEFAULT_WORKERS, Asked, Plan
from sync.clock import now
from sync.registry import registry

FIELD_OF = {"bad_window": "low", "bad_hours": "hours", "no_cursor": "by", "no_windows": "by"}
"""Where the form tells of an error, by its code."""
BY = [("", "cursor, where the source can"), ("cursor", "cursor"), ("key", "key")]


def _text(label: str, help_text: str, placeholder: str = "", *, required: bool = False) -> forms.CharField:
    widget = UnfoldAdminTextInputWidget(attrs={"placeholder": placeholder})
    return forms.CharField(label=label, required=required, max_length=100, widget=widget, help_text=help_text)


class BackfillForm(forms.Form):
    """A range of an entity, in windows, over days."""

    entity = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    by = forms.ChoiceField(label="Windows by", required=False, choices=BY, widget=UnfoldAdminSelectWidget)
    low = _text("From", "The first key or moment (UTC).", "1 or 2019-01-01")
    high = _text("To", "The one after the last; by cursor now, if empty.", "7000001 or 2026-01-01")
    window = _text(
        "Window", f"Keys ({KEYS_A_WINDOW}), or by cursor a time such as 6h or 7d ({TIME_A_WINDOW})."
    )
    rows_per_day = _text("Rows a day", "At most so many in a UTC day; empty: no limit.", "1000000")
    hours = _text("Hours", "UTC hours in which it reads; empty: all.", "22-6")
    workers = _text("Windows at once", f"{DEFAULT_WORKERS}, if empty; the entity's own limit counts too.")
    reason = reason_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(entity.path, f"{entity.label} ({entity.path})") for entity in registry]
        self.fields["entity"] = forms.ChoiceField(choices=choices, widget=UnfoldAdminSelectWidget)

    def asked(self) -> Asked:
        """What is asked, as the engine takes it."""
        given = self.cleaned_data
        return Asked(
            **{name: given[name] or None for name in given if name not in {"entity", "reason"}},
            entity=given["entity"],
        )


def preview_of(plan: Plan) -> Table:
    """What it would be, as a table."""
    end = plan.ends(now())
    rows = [
        ["Range", f"by {plan.by}, from {plan.low}, below {plan.high}"],
        ["Windows", f"{len(plan.windows):,} of {plan.step}, {plan.at_once} at once"],
        ["Rows", f"{plan.rows:,} at the far end now" if plan.rows is not None else plan.rows_unknown],
        ["Rows a day", render.number(plan.rows_per_day)],
        ["Hours", f"{plan.hours} UTC" if plan.hours else "all"],
        ["Done not before", render.stamp(end)],
    ]
    return {"title": "Preview", "headers": ["What", "How"], "rows": rows, "empty": ""}
