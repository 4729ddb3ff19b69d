"""The form of a schedule: an interval or a cron expression in a zone, readable before it is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget

from sync.errors import InvalidRequest
from sync.jobs import cadence
from sync.models import Schedule

if TYPE_CHECKING:
    OfSchedule = forms.ModelForm[Schedule]
else:
    OfSchedule = forms.ModelForm  # generic for the type checker only

INTERVAL_HELP = (
    "Days and hours:minutes:seconds, such as 00:15:00 or 1 00:00:00. Empty where a cron expression is."
)
CRON_HELP = "Five fields: minute, hour, day, month, weekday, such as 0 3 * * *. Empty where an interval is."


class ScheduleForm(OfSchedule):
    """What may be changed of a schedule."""

    class Meta:
        model = Schedule
        fields: ClassVar = ("enabled", "every", "cron", "zone")
        widgets: ClassVar = {
            "every": UnfoldAdminTextInputWidget,
            "cron": UnfoldAdminTextInputWidget,
            "zone": UnfoldAdminTextInputWidget,
        }
        help_texts: ClassVar = {"every": INTERVAL_HELP, "cron": CRON_HELP, "zone": "Of the cron expression."}

    def clean_cron(self) -> str | None:
        """An empty one is none."""
        return (self.cleaned_data.get("cron") or "").strip() or None

    def clean(self) -> dict[str, Any]:
        """One of the two, readable, in a known zone."""
        given = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                cadence.check(cron=given["cron"], every=given["every"], zone=given["zone"])
            except InvalidRequest as error:
                self.add_error("cron" if given["cron"] else None, error.message)
        return given


def told(schedule: Schedule) -> dict[str, Any]:
    """What may be changed, as the audit keeps it."""
    every = None if schedule.every is None else schedule.every.total_seconds()
    return {"enabled": schedule.enabled, "every": every, "cron": schedule.cron, "zone": schedule.zone}
