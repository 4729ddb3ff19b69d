"""Drift: the columns of each source, those that changed first; acknowledge them."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display
from unfold.enums import ActionVariant

from admin_ui import render
from admin_ui.acts import Act, on_many, on_one
from admin_ui.filters import EntityFilter, TextFilter
from admin_ui.page import EntityPage
from admin_ui.site import site
from sync import drift
from sync.models import SourceColumn

LABELS = {"known": "success", "new": "info", "missing": "danger", "retyped": "warning", "unseen": ""}
ACKNOWLEDGE = Act(
    name="acknowledge",
    title="Acknowledge",
    icon="visibility",
    variant=ActionVariant.PRIMARY,
    question="Is this how the source is now? It is counted no longer, and stops no job.",
    done="{count} acknowledged.",
    call=lambda key, by, remark: drift.acknowledge(int(key), by=by, reason=remark or None),
    remark="optional",
)


class StateFilter(TextFilter):
    """By state."""

    title = "state"
    parameter_name = "state"
    words = tuple(SourceColumn.State.values)


class StandingFilter(DropdownFilter):
    """Known and acknowledged ones only when asked for."""

    title = "standing"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("all", "Known, never seen and acknowledged ones too")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[SourceColumn]) -> QuerySet[SourceColumn]:
        asked = self.value() or request.GET.get("state") or request.GET.get("q")
        return queryset if asked else queryset.filter(drift.OPEN)


@admin.register(SourceColumn, site=site)
class DriftPage(EntityPage):
    """What batches have seen of each source's columns."""

    detail_title = "Column"
    list_display = ("name", "of_entity", "standing", "told", "since", "seen", "acknowledged_by")
    list_display_links = ("name",)
    list_filter = (StandingFilter, StateFilter, EntityFilter)
    search_fields = ("name",)
    ordering = ("-changed_at", "-id")
    fields = (
        ("of_entity", "name"),
        ("standing", "told"),
        ("types", "sparse"),
        ("first_seen", "seen"),
        ("acknowledged_by", "acknowledged_at"),
    )
    actions = ("acknowledge_many",)
    actions_detail = ("acknowledge_one",)

    acknowledge_one, acknowledge_many = on_one(ACKNOWLEDGE), on_many(ACKNOWLEDGE)

    def acts_of(self, shown: SourceColumn) -> Container[str]:
        """Only what waits can be acknowledged."""
        return (ACKNOWLEDGE.name,) if shown.drifts else ()

    @display(description="State", ordering="state")
    def standing(self, column: SourceColumn) -> SafeString:
        """Coloured only while it waits for somebody."""
        waits = column.drifts or column.state in SourceColumn.AS_EXPECTED
        return render.label(column.state, LABELS[column.state] if waits else "")

    @display(description="What happened")
    def told(self, column: SourceColumn) -> str:
        """In words."""
        return drift.words(column)

    @display(description="Since", ordering="changed_at")
    def since(self, column: SourceColumn) -> str | SafeString:
        """When it came into this state."""
        return render.ago(column.changed_at)

    @display(description="Last seen", ordering="last_seen")
    def seen(self, column: SourceColumn) -> str | SafeString:
        """When a batch had it last."""
        return render.ago(column.last_seen)
