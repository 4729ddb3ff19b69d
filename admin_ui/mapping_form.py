"""The form of a mapping: its rules as JSON, every error named."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from admin_ui.reason import reason_field
from sync.errors import InvalidRequest
from sync.mapping.rules import checked
from sync.registry import Registered, registry

EXAMPLE = {
    "fields": {"email": {"source": "mail", "clean": ["lower"]}},
    "computed": {"origin": {"constant": "shop"}},
    "drop": [],
}


class RulesForm(forms.Form):
    """The rules of a draft; valid when they fit the entity."""

    rules = forms.CharField(
        label="Rules",
        strip=False,
        max_length=1_000_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 20, "spellcheck": "false"}),
    )
    reason = reason_field()

    def __init__(self, data: Any = None, *, registered: Registered | None, rules: Any = None) -> None:
        shown = json.dumps(EXAMPLE if rules is None else rules, indent=2, ensure_ascii=False)
        super().__init__(data, initial={"rules": shown})
        self.registered = registered
        self.fields["rules"].widget.attrs["class"] += " b-json"

    def clean_rules(self) -> Any:
        """The rules, read and checked."""
        try:
            value = json.loads(self.cleaned_data["rules"])
        except json.JSONDecodeError as error:
            where = f"line {error.lineno}, column {error.colno}: {error.msg}"
            raise forms.ValidationError(f"That is not JSON ({where}).") from error
        except RecursionError as error:
            raise forms.ValidationError("That is nested too deep.") from error
        registered = self.registered or self._chosen()
        if registered is None:
            return value  # the choice of the entity says what is wrong
        try:
            return checked(registered, value)
        except InvalidRequest as error:
            raise forms.ValidationError(error.message.split("\n")) from error

    def _chosen(self) -> Registered | None:
        path = self.cleaned_data.get("entity")
        return registry.find(path) if path else None


class DraftForm(RulesForm):
    """A new draft: of which entity, and its rules."""

    entity = forms.ChoiceField(label="Entity", widget=UnfoldAdminSelectWidget)

    field_order = ("entity", "rules", "reason")

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, registered=None)
        choices = [(registered.path, registered.label) for registered in registry]
        self.fields["entity"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField has them
