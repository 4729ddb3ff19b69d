"""Webhooks: what far ends told by themselves, what became of it, how often it came again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.decorators import display

from admin_ui import render
from admin_ui.filters import EntityFilter, TextFilter
from admin_ui.page import Page
from admin_ui.site import site
from sync.models import Inbound
from sync.webhooks.words import in_words

LABELS = {Inbound.State.WAITING: "info", Inbound.State.DONE: "success"}


class StateFilter(TextFilter):
    """By state."""

    title = "state"
    parameter_name = "state"
    words = tuple(Inbound.State.values)


@admin.register(Inbound, site=site)
class WebhooksPage(Page):
    """Deliveries, newest first. Those that were refused are not kept: the log and a metric have them."""

    list_display = (
        "received",
        "of_entity",
        "standing",
        "told_of",
        "came_of_it",
        "repetitions",
        "delivery_id",
    )
    list_display_links = ("received",)
    list_filter = (StateFilter, EntityFilter)
    list_select_related = ("entity",)
    search_fields = ("delivery_id",)
    search_help_text = "The far end's id of a delivery"
    ordering = ("-id",)
    fields = (
        ("of_entity", "standing"),
        ("delivery_id", "repetitions"),
        ("sent", "received_both"),
        ("done", "job"),
        ("told_of", "came_of_it"),
        "content",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Inbound]:
        """With the entity, without the bodies."""
        return super().get_queryset(request).select_related("entity").defer("body")

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The detail."""
        return self.render_detail(request, object_id, {"title": "Webhook", **(extra_context or {})})

    @display(description="Received", ordering="id")
    def received(self, one: Inbound) -> str | SafeString:
        """How long ago it came."""
        return render.ago(one.received_at)

    @display(description="Entity", ordering="entity__path")
    def of_entity(self, one: Inbound) -> str:
        """The entity's path."""
        return one.entity.path if one.entity else one.door

    @display(description="State", ordering="state")
    def standing(self, one: Inbound) -> SafeString:
        """Whether it is worked off; failed where a row of it is."""
        result = one.result or {}
        if result.get("error") or result.get("failed"):
            return render.label("failed", "danger")
        return render.label(one.state, LABELS[Inbound.State(one.state)])

    @display(description="Told")
    def told_of(self, one: Inbound) -> str:
        """What was in it."""
        return in_words(one.told)

    @display(description="Came of it")
    def came_of_it(self, one: Inbound) -> str:
        """What became of its rows, deletes and keys."""
        return in_words(one.result) or render.NONE

    @display(description="Repeated", ordering="repeated")
    def repetitions(self, one: Inbound) -> int:
        """How often it came again, without effect."""
        return one.repeated

    @display(description="Sent")
    def sent(self, one: Inbound) -> str | SafeString:
        """When the far end says that it sent it."""
        return render.both(one.sent_at)

    @display(description="Received")
    def received_both(self, one: Inbound) -> str | SafeString:
        """When it came, exactly."""
        return render.both(one.received_at)

    @display(description="Worked off")
    def done(self, one: Inbound) -> str | SafeString:
        """When its rows were in the mirror."""
        return render.both(one.done_at)

    @display(description="Job")
    def job(self, one: Inbound) -> str | SafeString:
        """The job that worked it."""
        return render.link(one.job_id, "sync_job_change", one.job_id) if one.job_id else render.NONE

    @display(description="Body")
    def content(self, one: Inbound) -> str | SafeString:
        """What waits; later its rows are found by the records' lineage."""
        return render.block(bytes(one.body).decode("utf-8", "replace") if one.body else None)
