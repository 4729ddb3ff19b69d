"""Mappings: drafted and edited as JSON, rehearsed with a table of diffs, switched on, retired."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from django.contrib import admin, messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.enums import ActionVariant

from admin_ui import render
from admin_ui.access import actor, may_operate, require_operate
from admin_ui.acts import Act, on_one
from admin_ui.filters import EntityFilter, TextFilter
from admin_ui.mapping_form import DraftForm, RulesForm
from admin_ui.mapping_report import tables
from admin_ui.page import EntityPage
from admin_ui.paged import Shown
from admin_ui.site import site
from sync.errors import BridgeError
from sync.mapping import acts
from sync.mapping.in_force import find
from sync.models import Mapping
from sync.registry import registry

STATES = {"draft": "info", "active": "success", "retired": ""}

REHEARSE = Act(
    name="rehearse",
    title="Rehearse",
    icon="science",
    variant=ActionVariant.PRIMARY,
    question="Try it on all stored rows? Nothing is written; what would change is shown here.",
    done="The rehearsal was asked for; it is shown below when it is done.",
    call=lambda key, by, remark: acts.rehearse(int(key), by=by),
)
ACTIVATE = Act(
    name="activate",
    title="Switch on",
    icon="toggle_on",
    question="Switch it on, in place of the one in force? What is read from now on is made by it; records stay as"
    " they are until you remap.",
    done="It is in force.",
    call=lambda key, by, remark: acts.activate(int(key), by=by, reason=remark or None),
    remark="optional",
)
RETIRE = Act(
    name="retire",
    title="Retire",
    icon="toggle_off",
    question="Retire it? If it is in force, the declaration alone is from now on.",
    done="It is retired.",
    call=lambda key, by, remark: acts.retire(int(key), by=by, reason=remark or None),
    remark="optional",
)
REMAP = Act(
    name="remap",
    title="Remap records",
    icon="autorenew",
    question="Make the records anew from their stored rows? Those whose rows are gone wait for a full sync.",
    done="The records are made anew by a job.",
    call=lambda key, by, remark: acts.remap(acts.entity_of(find(int(key))), by=by, reason=remark or None),
    remark="optional",
)
REPLAY = Act(
    name="replay",
    title="Replay failures",
    icon="replay",
    question="Run all open failed records of the entity again, with what is in force?",
    done="The failed records are run again.",
    call=lambda key, by, remark: acts.replay(acts.entity_of(find(int(key))), by=by, reason=remark or None),
    remark="optional",
)
_OFFERED = {
    "draft": ("rehearse", "activate", "retire"),
    "active": ("remap", "replay", "rehearse", "retire"),
    "retired": ("rehearse", "activate"),
}


class StateFilter(TextFilter):
    """By state."""

    title = "state"
    parameter_name = "state"
    words = tuple(Mapping.State.values)


@admin.register(Mapping, site=site)
class MappingsPage(EntityPage):
    """The list of mappings, the form of a new one, and one with its rules and its rehearsal."""

    list_display = ("version", "of_entity", "condition", "made_by", "made")
    list_display_links = ("version",)
    list_filter = (StateFilter, EntityFilter)
    fields = (("of_entity", "version"), ("condition", "made_by"), "made_both", "content")
    actions_detail = ("rehearse_one", "activate_one", "remap_one", "replay_one", "retire_one")
    change_form_outer_before_template = "admin_ui/mapping.html"
    change_form_outer_after_template = "admin_ui/tables.html"

    rehearse_one, activate_one, retire_one = on_one(REHEARSE), on_one(ACTIVATE), on_one(RETIRE)
    remap_one, replay_one = on_one(REMAP), on_one(REPLAY)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who may operate may draft."""
        return may_operate(request)

    def acts_of(self, shown: Mapping) -> Container[str]:
        """What makes sense in its state."""
        return _OFFERED[shown.state]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The form of a new draft."""
        require_operate(request)
        form = DraftForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            entity, reason = registry.find(given["entity"]), given["reason"] or None
            mapping = acts.draft(entity, given["rules"], by=actor(request), reason=reason)
            messages.success(request, "Drafted. Rehearse it before you switch it on.")
            return HttpResponseRedirect(render.address("sync_mapping_change", mapping.pk))
        context = {**site.each_context(request), "title": "New mapping", "form": form}
        return TemplateResponse(request, "admin_ui/mapping_draft.html", context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The detail; a POST is the form of the rules."""
        mapping = self.get_object(request, object_id or "")
        context = dict(extra_context or {})
        if isinstance(mapping, Mapping) and self.has_view_permission(request, mapping):
            form = _form(request, mapping)
            if request.method == "POST":
                require_operate(request)
                if _keep(request, mapping, form):
                    return HttpResponseRedirect(request.get_full_path())
                request.method = "GET"  # the admin's own form here is read-only
            title = f"Mapping {mapping.no} of {mapping.entity.path}"
            context |= {
                "title": title,
                "subtitle": None,
                "edit": form,
                "tables": tables(mapping, Shown.of(request.GET)),
            }
        return self.render_detail(request, object_id, context)

    @display(description="Version", ordering="no")
    def version(self, mapping: Mapping) -> str:
        """The number that records carry."""
        return f"{mapping.no}"

    @display(description="State", ordering="state")
    def condition(self, mapping: Mapping) -> SafeString:
        """The state as a label."""
        return render.label(mapping.state, STATES[mapping.state])

    @display(description="Made", ordering="created_at")
    def made(self, mapping: Mapping) -> str | SafeString:
        """When it was drafted."""
        return render.ago(mapping.created_at)

    @display(description="Made")
    def made_both(self, mapping: Mapping) -> str | SafeString:
        """When it was drafted, exactly."""
        return render.both(mapping.created_at)

    @display(description="Rules")
    def content(self, mapping: Mapping) -> str | SafeString:
        """The rules as JSON."""
        return render.block(mapping.rules)


def _form(request: HttpRequest, mapping: Mapping) -> RulesForm | None:
    if not may_operate(request) or mapping.state != Mapping.State.DRAFT:
        return None
    if mapping.entity.path not in registry:
        return None
    return RulesForm(request.POST or None, registered=acts.entity_of(mapping), rules=mapping.rules)


def _keep(request: HttpRequest, mapping: Mapping, form: RulesForm | None) -> bool:
    if form is None:
        messages.error(request, f"Nothing was changed: this mapping is {mapping.state}.")
        return True
    if not form.is_valid():
        messages.error(request, "Nothing was changed: see what is wrong with the rules below.")
        return False
    try:
        given = form.cleaned_data
        acts.edit(mapping.pk, given["rules"], by=actor(request), reason=given["reason"] or None)
    except BridgeError as error:
        form.add_error(None, error.message)
        return False
    messages.success(request, "Changed. Rehearse it before you switch it on.")
    return True
