"""The form of a budget: an empty field is no limit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget

from admin_ui.reason import reason_field
from sync.budget import limits
from sync.budget.limits import Limits
from sync.models import Budget

if TYPE_CHECKING:
    OfBudget = forms.ModelForm[Budget]
else:
    OfBudget = forms.ModelForm  # generic for the type checker only

_FORM_NAMES = {"per_day": "day_quota"}


class BudgetForm(OfBudget):
    """What may be changed of a budget."""

    rate = forms.FloatField(
        label="Requests a second",
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Empty: no limit.",
    )
    burst = forms.FloatField(
        label="In a burst",
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="At once after a pause. Empty: those of two seconds.",
    )
    concurrent = forms.IntegerField(
        label="At once", required=False, widget=UnfoldAdminTextInputWidget, help_text="Empty: no limit."
    )
    day_quota = forms.IntegerField(
        label="A day", required=False, widget=UnfoldAdminTextInputWidget, help_text="Empty: no limit."
    )
    reason = reason_field()

    class Meta:
        model = Budget
        fields: ClassVar = ("rate", "burst", "concurrent", "day_quota")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("rate", "burst"):
            if not math.isfinite(self.initial.get(name) or 0):
                self.initial[name] = None

    def clean(self) -> dict[str, Any]:
        """Limits that let something through."""
        given = super().clean() or self.cleaned_data
        if not self.errors:
            for name, words in limits.faults(Limits(**self.limits())):
                self.add_error(_FORM_NAMES.get(name, name), words)
        return given

    def limits(self) -> dict[str, Any]:
        """As the engine names them."""
        given = self.cleaned_data
        rate, burst = given["rate"], given["burst"]
        if rate and rate > 0 and burst is None:
            burst = limits.usual_burst(rate)
        return {
            "rate": rate,
            "burst": burst,
            "concurrent": given["concurrent"],
            "per_day": given["day_quota"],
        }

    def _post_clean(self) -> None:
        """The row is written by the engine's verb, never from the form: no limit is no null there."""
