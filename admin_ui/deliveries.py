"""Deliveries: what each target has of our records, what it said, and sending again."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from admin_ui import render
from admin_ui.acts import Act, on_many, on_one
from admin_ui.filters import EntityFilter, TextFilter
from admin_ui.keys import key_of
from admin_ui.page import EntityPage
from admin_ui.site import site
from sync.models import Delivery, RecordRow
from sync.registry import registry
from sync.targets import acts

RETRY = Act(
    name="retry",
    title="Send again",
    question="It is sent as the mirror has it now; where nobody knows what became of it, the target is asked first.",
    done="{count} will be sent again.",
    call=lambda object_id, by, remark: acts.retry(int(object_id), by=by, reason=remark or None),
    remark="optional",
    icon="send",
)
WORDS = {"c": "create", "u": "update", "d": "delete"}
SHADES = {"sent": "info", "acked": "success", "refused": "danger", "unknown": "warning", "waiting": "info"}


def said(delivery: Delivery) -> str:
    """The target's words, else why it waits."""
    return str((delivery.answer or {}).get("message") or delivery.code or render.NONE)


class StateFilter(TextFilter):
    """By state."""

    title = "state"
    parameter_name = "state"
    words = tuple(Delivery.State.values)


class TargetFilter(DropdownFilter):
    """By target."""

    title = "target"
    parameter_name = "target"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(system.name, system.label or system.name) for system in registry.systems if system.target]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        return queryset.filter(target=self.value()) if self.value() else queryset


@admin.register(Delivery, site=site)
class DeliveriesPage(EntityPage):
    """The list of deliveries and one of them."""

    detail_title = "Delivery"
    list_display = (
        "id",
        "target",
        "of_entity",
        "remote_id",
        "standing",
        "act",
        "told",
        "changed",
        "next_try",
    )
    list_filter = (TargetFilter, EntityFilter, StateFilter)
    search_fields = ("=remote_id", "=key_hash")
    search_help_text = "The target's id, or a key hash"
    fields = (
        ("target", "of_entity"),
        ("record", "remote_id"),
        ("standing", "act", "code"),
        ("attempts", "acked_revision"),
        ("changed_both", "next_both"),
        "content",
    )
    actions = ("retry_many",)
    actions_detail = ("retry_one",)
    retry_one = on_one(RETRY)
    retry_many = on_many(RETRY)

    def acts_of(self, shown: Delivery) -> Container[str]:
        """Only for what the target has not acknowledged."""
        return () if shown.state == Delivery.State.ACKED else (RETRY.name,)

    @display(description="What")
    def act(self, delivery: Delivery) -> str:
        """Create, update or delete."""
        return WORDS[delivery.op]

    @display(description="What it said")
    def told(self, delivery: Delivery) -> SafeString:
        """The target's words, else why it waits."""
        words = said(delivery)
        return format_html('<span class="b-cut b-wide" title="{}">{}</span>', words, words)

    @display(description="State", ordering="state")
    def standing(self, delivery: Delivery) -> SafeString:
        """The state as a label."""
        return render.label(delivery.state, SHADES[delivery.state])

    @display(description="Record")
    def record(self, delivery: Delivery) -> SafeString:
        """Its key, as in the API's addresses, and the way to it."""
        row = RecordRow.objects.filter(entity_id=delivery.entity_id, key_hash=delivery.key_hash).first()
        if row is None:
            return format_html("{}", delivery.key_hash.hex)
        text = key_of(delivery.entity.path, row.data) or delivery.key_hash.hex
        return render.link(text, "sync_recordrow_change", f"{row.entity_id}~{row.key_hash}")

    @display(description="Changed", ordering="changed_at")
    def changed(self, delivery: Delivery) -> str | SafeString:
        """How long ago."""
        return render.ago(delivery.changed_at)

    @display(description="Next try", ordering="next_try_at")
    def next_try(self, delivery: Delivery) -> str | SafeString:
        """When it is looked at again."""
        return render.ago(delivery.next_try_at)

    @display(description="Changed")
    def changed_both(self, delivery: Delivery) -> str | SafeString:
        """When, exactly."""
        return render.both(delivery.changed_at)

    @display(description="Next try")
    def next_both(self, delivery: Delivery) -> str | SafeString:
        """When it is looked at again, exactly."""
        return render.both(delivery.next_try_at)

    @display(description="Answer")
    def content(self, delivery: Delivery) -> str | SafeString:
        """What the target said."""
        return render.block(delivery.answer)
