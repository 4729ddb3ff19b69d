"""Error groups: failures by their cause; preview, run all again, discard all, own, snooze, say what fixed it."""

from __future__ import annotations

from collections.abc import Container
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.enums import ActionVariant

from admin_ui import render
from admin_ui.access import require_operate
from admin_ui.acts import Act, on_many, on_one
from admin_ui.filters import EntityFilter, TextFilter
from admin_ui.group_tables import member_table, preview_table
from admin_ui.mapping_versions import version_link, versions
from admin_ui.page import EntityPage
from admin_ui.site import site
from sync import error_groups
from sync.errors import InvalidRequest
from sync.models import ErrorGroup

CLOSED = ErrorGroup.State.CLOSED
STATES = {"open": "danger", "acknowledged": "warning", "resolved": "info", "closed": "success"}
LONGEST_SNOOZE = 365  # days

RETRY = Act(
    name="retry",
    title="Retry all",
    icon="replay",
    variant=ActionVariant.PRIMARY,
    question="Run all open members again, each from the stage that refused it, a few thousand a commit?",
    done="Groups whose open members will be run again: {count}.",
    call=lambda key, by, remark: error_groups.retry(UUID(key), by=by, reason=remark or None),
    remark="optional",
)
DISCARD = Act(
    name="discard",
    title="Discard all",
    icon="delete",
    question="Close all open members? The same bytes stay discarded until the declaration or mapping changes; a row"
    " that changed comes again, and each can be reopened. Failed jobs are resolved.",
    done="Groups whose open members were discarded: {count}.",
    call=lambda key, by, remark: error_groups.discard(UUID(key), by=by, reason=remark),
    remark="required",
)
OWN = Act(
    name="own",
    title="Take it",
    icon="front_hand",
    question="Become its owner? Others see that you are at it.",
    done="{count} are yours.",
    call=lambda key, by, remark: error_groups.change(
        UUID(key), {"owner": by.name, **({"remark": remark} if remark else {})}, by=by
    ),
    remark="optional",
)
SNOOZE = Act(
    name="snooze",
    title="Snooze",
    icon="snooze",
    question="For how many days shall it stay out of the list? Say the number first, then why.",
    done="{count} sleep.",
    call=lambda key, by, remark: error_groups.change(
        UUID(key), {"snoozed_until": timezone.now() + _days(remark)}, by=by, reason=remark
    ),
    remark="required",
)
FIXED = Act(
    name="fixed",
    title="Fixed in …",
    icon="task_alt",
    question="Which mapping fixes it? It opens again by itself when a new member arrives.",
    done="{count} marked as fixed.",
    call=lambda key, by, remark: error_groups.change(UUID(key), {"fixed_in": int(remark)}, by=by),
    choices=lambda key: versions(error_groups.find(UUID(key)).entity_id),
)
NOTE = Act(
    name="note",
    title="Remark",
    icon="edit_note",
    question="What should others know about it?",
    done="{count} have the remark.",
    call=lambda key, by, remark: error_groups.change(UUID(key), {"remark": remark}, by=by),
    remark="required",
)


class StandingFilter(TextFilter):
    """By state; closed ones, and those that sleep, only when asked for."""

    title = "state"
    parameter_name = "state"
    words = (*ErrorGroup.State.values, "asleep", "all")

    def queryset(self, request: HttpRequest, queryset: QuerySet[ErrorGroup]) -> QuerySet[ErrorGroup]:
        asleep = Q(snoozed_until__gt=timezone.now())
        value = self.value()
        if value == "all" or _of_one(request):
            return queryset
        if value == "asleep":
            return queryset.filter(asleep)
        return queryset.filter(state=value) if value else queryset.exclude(asleep).exclude(state=CLOSED)


class KindFilter(TextFilter):
    """By what failed."""

    title = "kind"
    parameter_name = "kind"
    words = tuple(ErrorGroup.Kind.values)


@admin.register(ErrorGroup, site=site)
class ErrorGroupsPage(EntityPage):
    """The list of causes, and one of them with its members."""

    list_display = ("condition", "of_entity", "stage", "code", "words", "members", "owner", "first", "last")
    list_display_links = ("condition", "of_entity")
    list_filter = (StandingFilter, EntityFilter, KindFilter)
    search_fields = ("message", "code", "owner")
    ordering = ("-last_seen_at",)
    actions = ("retry_many", "discard_many", "own_many", "snooze_many")
    actions_detail = ("retry_one", "own_one", "snooze_one", "fixed_one", "note_one", "discard_one")
    change_form_outer_after_template = "admin_ui/error_group.html"

    retry_one, retry_many = on_one(RETRY), on_many(RETRY)
    discard_one, discard_many = on_one(DISCARD), on_many(DISCARD)
    own_one, own_many = on_one(OWN), on_many(OWN)
    snooze_one, snooze_many = on_one(SNOOZE), on_many(SNOOZE)
    fixed_one, note_one = on_one(FIXED), on_one(NOTE)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ErrorGroup]:
        """With the entity, and the open members counted by the partial indexes."""
        return error_groups.counted(super().get_queryset(request).select_related("entity", "fixed_in"))

    def acts_of(self, shown: ErrorGroup) -> Container[str]:
        """A closed one has no member to act on; what people say of it may still be said."""
        offered = {OWN.name, FIXED.name, NOTE.name}
        if shown.state != CLOSED:
            offered |= {RETRY.name, SNOOZE.name, DISCARD.name}
        return offered if shown.entity_id else offered - {FIXED.name}

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The detail; a POST asks for a preview."""
        group = self.get_object(request, object_id or "")
        context = dict(extra_context or {})
        if isinstance(group, ErrorGroup) and self.has_view_permission(request, group):
            context |= {"title": group.message, "subtitle": None, "tables": [member_table(group)]}
            context["may_preview"] = group.kind == ErrorGroup.Kind.RECORD and group.state != CLOSED
            if request.method == "POST":
                require_operate(request)
                context["tables"] = [preview_table(request, group), *context["tables"]]
                # The admin's own form here is read-only: what was posted is our question.
                request.method = "GET"
        return self.render_detail(request, object_id, context)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What it is, how often, and what people say of it."""
        facts: list[Any] = [
            ("condition", "of_entity"),
            ("stage", "code"),
            ("wrong_field", "members"),
            ("first_both", "last_both"),
            ("owned", "asleep"),
            ("fixed", "reopened"),
            "said",
        ]
        return [(None, {"fields": facts})]

    @display(description="State", ordering="state")
    def condition(self, group: ErrorGroup) -> SafeString:
        """The state as a label."""
        return render.label(group.state, STATES[group.state])

    @display(description="Message")
    def words(self, group: ErrorGroup) -> SafeString:
        """The newest member's first error in one line."""
        return format_html('<span class="b-cut" title="{}">{}</span>', group.message, group.message)

    @display(description="Members")
    def members(self, group: Any) -> str:
        """How many are open, counted now."""
        return f"{group.open_members:,}"

    @display(description="Field")
    def wrong_field(self, group: ErrorGroup) -> str:
        """The field of the first error."""
        return group.field or render.NONE

    @display(description="First seen", ordering="first_seen_at")
    def first(self, group: ErrorGroup) -> str | SafeString:
        """When the first member came."""
        return render.ago(group.first_seen_at)

    @display(description="Last seen", ordering="last_seen_at")
    def last(self, group: ErrorGroup) -> str | SafeString:
        """When a member came, or came again."""
        return render.ago(group.last_seen_at)

    @display(description="First seen")
    def first_both(self, group: ErrorGroup) -> str | SafeString:
        """When the first member came, exactly."""
        return render.both(group.first_seen_at)

    @display(description="Last seen")
    def last_both(self, group: ErrorGroup) -> str | SafeString:
        """When a member came last, exactly."""
        return render.both(group.last_seen_at)

    @display(description="Owner")
    def owned(self, group: ErrorGroup) -> str:
        """Who is at it."""
        return group.owner or render.NONE

    @display(description="Sleeps until")
    def asleep(self, group: ErrorGroup) -> str | SafeString:
        """Until when it stays out of the list."""
        return render.both(group.snoozed_until)

    @display(description="Fixed in")
    def fixed(self, group: ErrorGroup) -> str | SafeString:
        """The mapping that fixes it, as somebody said."""
        return version_link(group.fixed_in)

    @display(description="Remark")
    def said(self, group: ErrorGroup) -> str:
        """What others should know."""
        return group.remark or render.NONE


def _of_one(request: HttpRequest) -> bool:
    match = request.resolver_match
    return bool(match and match.url_name and not match.url_name.endswith("changelist"))


def _days(remark: str) -> timedelta:
    first = remark.split(maxsplit=1)[0]
    if not (first.isascii() and first.isdigit() and 1 <= int(first[:9]) <= LONGEST_SNOOZE):
        message = f"Begin with the number of days, from 1 to {LONGEST_SNOOZE}: `3 until the vendor answers`."
        raise InvalidRequest(message, code="bad_parameter")
    return timedelta(days=int(first))
