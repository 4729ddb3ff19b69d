"""Whether the chain of the audit holds; it reads all of it, so who looks must be allowed to operate."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminTextInputWidget

from admin_ui import render
from admin_ui.access import require_operate
from admin_ui.job_detail import Table
from admin_ui.site import site
from sync.errors import BridgeError
from sync.trail.chain import read_point
from sync.trail.verify import Verdict, verify
from sync.trail.walk import Fault


class HeadForm(forms.Form):
    """What an earlier look told."""

    head = forms.CharField(
        required=False,
        max_length=100,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "NUMBER:HASH", "spellcheck": "false"}),
        help_text="The head that an earlier look told, kept elsewhere since. Without it, the chain is compared with"
        " itself alone.",
    )


def page(request: HttpRequest) -> HttpResponse:
    """The verdict."""
    require_operate(request)
    form = HeadForm(request.GET or None)
    context: dict[str, Any] = {**site.each_context(request), "title": "Verify the audit", "form": form}
    try:
        head = form.cleaned_data["head"] if form.is_bound and form.is_valid() else ""
        context["tables"] = tables(verify(read_point(head) if head else None))
    except BridgeError as error:
        form.add_error("head", error.message)
    return TemplateResponse(request, "admin_ui/audit_verify.html", context)


def tables(found: Verdict) -> list[Table]:
    """What was looked at, and what is broken."""
    words = render.label("holds", "success") if found.holds else render.label("broken", "danger")
    gone = f"up to {found.start.seq:,}" if found.start.seq else "none"
    looked: Table = {
        "title": "The chain",
        "headers": ["", "Entries", "Deleted for their age", "Head"],
        "rows": [[words, render.number(found.entries), gone, str(found.head)]],
    }
    rows = [[render.label(fault.kind, "danger"), _named(fault), fault.message] for fault in found.faults]
    broken: Table = {"title": "Broken", "headers": ["What", "Entry", ""], "rows": rows}
    return [looked, broken] if rows else [looked]


def _named(fault: Fault) -> Any:
    words = render.NONE if fault.seq is None else f"{fault.seq:,}"
    if fault.audit_id is None or fault.kind == "removed":
        return words
    return render.link(words if fault.seq else fault.audit_id, "sync_auditentry_change", fault.audit_id)
