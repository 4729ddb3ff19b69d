"""The form that mends a failed record: the input of the failed stage as JSON."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget

from admin_ui.reason import reason_field
from sync.failures import input_of
from sync.models import FailedRecord


class MendForm(forms.Form):
    """The whole input of the failed stage; valid when it is a JSON object that differs from what failed."""

    content = forms.CharField(
        label="Data",
        strip=False,
        max_length=1_000_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 16, "spellcheck": "false"}),
    )
    reason = reason_field()

    def __init__(self, data: Any = None, *, failed: FailedRecord) -> None:
        self.before = input_of(failed) or {}
        super().__init__(data, initial={"content": json.dumps(self.before, indent=2, ensure_ascii=False)})
        self.fields["content"].widget.attrs["class"] += " b-json"

    def clean_content(self) -> dict[str, Any]:
        """The values to lay over the input: those that differ, and null for a name that was taken out."""
        after = self._parsed()
        changed = {name: value for name, value in after.items() if self.before.get(name, ...) != value}
        changed |= dict.fromkeys(self.before.keys() - after.keys())
        if not changed:
            raise forms.ValidationError("Nothing was changed.")
        return changed

    def _parsed(self) -> dict[str, Any]:
        text = self.cleaned_data["content"]
        try:
            # Numbers stay texts: the pipeline reads them with all their digits.
            value = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
        except json.JSONDecodeError as error:
            where = f"line {error.lineno}, column {error.colno}: {error.msg}"
            raise forms.ValidationError(f"That is not JSON ({where}).") from error
        except RecursionError as error:
            raise forms.ValidationError("That is nested too deep.") from error
        if not isinstance(value, dict):
            raise forms.ValidationError("That is JSON, but no object: write {…}.")
        return value
