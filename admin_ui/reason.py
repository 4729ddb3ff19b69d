"""The field in which a person says why, in the forms of acts."""

from __future__ import annotations

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget

LONGEST = 500


def reason_field() -> forms.CharField:
    """One of a form's own; it may stay empty."""
    return forms.CharField(
        label="Reason",
        required=False,
        max_length=LONGEST,
        widget=UnfoldAdminTextInputWidget,
        help_text="Kept in the audit.",
    )
