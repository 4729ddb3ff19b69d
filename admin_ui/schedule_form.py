"""The form of a schedule: readable before it is saved."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from admin_ui.reason import reason_field
from sync import asked
from sync.errors import BridgeError, InvalidRequest
from sync.jobs.cadence_check import check
from sync.jobs.schedule_changes import SPAN_HELP, changes_of, span
from sync.jobs.schedule_words import CHANGEABLE
from sync.jobs.slots import MOST_OWED
from sync.models import Schedule
from sync.registry import registry

if TYPE_CHECKING:
    OfSchedule = forms.ModelForm[Schedule]
else:
    OfSchedule = forms.ModelForm  # generic for the type checker only

INTERVAL_HELP = f"A length of time {SPAN_HELP}. Empty where a cron expression is."
CRON_HELP = "Five fields: minute, hour, day, month, weekday, such as 0 3 * * *. Empty where an interval is."
JITTER_HELP = "Late by up to so much, the same for the same slot; the slots do not drift."
MISSED_HELP = f"Slots that no worker saw: none, one run for all, a run each (the newest {MOST_OWED})."
OVERLAP_HELP = "A slot while the last job is not done."
PARAMS_HELP = 'Of the job: {"full": true} of a sync, {"target": "schedulehub"} of a push.'
HELP = {
    "every": INTERVAL_HELP,
    "cron": CRON_HELP,
    "zone": "Of the cron expression.",
    "jitter": JITTER_HELP,
    "missed": MISSED_HELP,
    "overlap": OVERLAP_HELP,
    "params": PARAMS_HELP,
}


class SpanField(forms.DurationField):
    """A length of time, read as API and shell do; it is shown as hours:minutes:seconds."""

    def to_python(self, value: Any) -> timedelta | None:
        """15m, 1d or 00:15:00."""
        if not isinstance(value, str) or value in self.empty_values:
            return super().to_python(value)
        try:
            return span(str(self.label), value)
        except InvalidRequest as error:
            raise forms.ValidationError(error.message) from error


class ScheduleForm(OfSchedule):
    """What may be changed of a schedule."""

    every = SpanField(
        label="Every", required=False, widget=UnfoldAdminTextInputWidget, help_text=INTERVAL_HELP
    )
    jitter = SpanField(
        label="Jitter", required=False, widget=UnfoldAdminTextInputWidget, help_text=JITTER_HELP
    )
    params = forms.JSONField(
        label="Parameters", required=False, widget=UnfoldAdminTextInputWidget, help_text=PARAMS_HELP
    )
    reason = reason_field()

    class Meta:
        model = Schedule
        fields: ClassVar = ("enabled", "every", "cron", "zone", "jitter", "missed", "overlap", "params")
        widgets: ClassVar = {
            **dict.fromkeys(("cron", "zone"), UnfoldAdminTextInputWidget),
            **dict.fromkeys(("missed", "overlap"), UnfoldAdminSelectWidget),
        }
        help_texts: ClassVar = HELP

    def clean_cron(self) -> str | None:
        """An empty one is none."""
        return (self.cleaned_data.get("cron") or "").strip() or None

    def clean_jitter(self) -> timedelta:
        """An empty one is none."""
        return self.cleaned_data.get("jitter") or timedelta(0)

    def clean_params(self) -> Any:
        """An empty one has none."""
        return self.cleaned_data.get("params") or {}

    def clean(self) -> dict[str, Any]:
        """A cadence that can be read and comes round, and parameters that its kind has."""
        given = super().clean() or self.cleaned_data
        if self.errors:
            return given
        wanted = Schedule(name=self.instance.name, **{name: given[name] for name in CHANGEABLE})
        try:
            check(wanted)
        except InvalidRequest as error:
            self.add_error("cron" if given["cron"] else None, error.message)
        if "params" in self.changed_data:
            self._check_params(given["params"])
        return given

    def _check_params(self, params: Any) -> None:
        try:
            of = None if self.instance.entity is None else registry.find(self.instance.entity.path)
            asked.params_of(self.instance.kind, of, changes_of({"params": params})["params"])
        except BridgeError as error:
            self.add_error("params", error.message)
