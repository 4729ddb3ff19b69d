"""Drift: the columns of each source, those that changed first; acknowledge them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.enums import ActionVariant

from admin_ui import render
from admin_ui.acts import Act, on_many, on_one
from admin_ui.filters import EntityFilter, TextFilter
from admin_ui.page import Page
from admin_ui.site import site
from sync import drift
from sync.models import SourceColumn

LABELS = {"known": "success", "new": "info", "missing": "danger", "retyped": "warning"}
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


@admin.register(SourceColumn, site=site)
class DriftPage(Page):
    """What batches have seen of each source's columns."""

    list_display = ("name", "of_entity", "standing", "told", "since", "seen", "acknowledged_by")
    list_display_links = ("name",)
    list_filter = (StateFilter, EntityFilter)
    list_select_related = ("entity",)
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

    def get_queryset(self, request: HttpRequest) -> QuerySet[SourceColumn]:
        """With the entity."""
        return super().get_queryset(request).select_related("entity")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only what waits can be acknowledged."""
        column = self.get_object(request, str(object_id))
        return super().get_actions_detail(request, object_id) if column and column.drifts else []

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The detail."""
        return self.render_detail(request, object_id, {"title": "Column", **(extra_context or {})})

    @display(description="Entity", ordering="entity__path")
    def of_entity(self, column: SourceColumn) -> str:
        """The entity's path."""
        return column.entity.path

    @display(description="State", ordering="state")
    def standing(self, column: SourceColumn) -> SafeString:
        """Coloured only while it waits for somebody."""
        waits = column.drifts or column.state == SourceColumn.State.KNOWN
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
