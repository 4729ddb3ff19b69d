"""Pending children: rows that are good but for a parent that is not here yet."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display

from admin_ui import render
from admin_ui.filters import EntityFilter, ParentFilter
from admin_ui.keys import key_of, parent_key_of
from admin_ui.page import EntityPage
from admin_ui.search import by_id_or_key
from admin_ui.site import site
from sync.models import PendingChild


@admin.register(PendingChild, site=site)
class PendingChildrenPage(EntityPage):
    """What waits, for what, since when."""

    detail_title = "Pending child"
    list_display = ("row", "of_entity", "awaited", "since", "tries", "next_try")
    list_display_links = ("row",)
    list_filter = (EntityFilter, ParentFilter)
    list_select_related = ("entity", "parent_entity")
    search_fields = ("id",)
    search_help_text = "An id; with an entity chosen also a key"
    fields = (("of_entity", "row"), "awaited", ("since_both", "tries"), ("next_both", "batch"), "content")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PendingChild]:
        """With both entities."""
        return super().get_queryset(request).select_related("entity", "parent_entity")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[PendingChild], search_term: str
    ) -> tuple[QuerySet[PendingChild], bool]:
        """By id or its beginning, or by key within an entity."""
        return by_id_or_key(queryset, search_term, request.GET.get("entity")), False

    @display(description="Row")
    def row(self, child: PendingChild) -> str:
        """Its own key."""
        return key_of(child.entity.path, child.data) or str(child.key_hash)

    @display(description="Waits for")
    def awaited(self, child: PendingChild) -> str:
        """The first missing parent: its entity and key."""
        parent = child.parent_entity.path
        key = parent_key_of(child.entity.path, parent, child.data)
        return f"{parent} {key or child.parent_key_hash}"

    @display(description="Since", ordering="id")
    def since(self, child: PendingChild) -> str | SafeString:
        """How long it waits."""
        return render.ago(child.created_at)

    @display(description="Next try", ordering="next_try_at")
    def next_try(self, child: PendingChild) -> str | SafeString:
        """When the sweep looks again; the parent's arrival wakes it at once."""
        return render.ago(child.next_try_at)

    @display(description="Since")
    def since_both(self, child: PendingChild) -> str | SafeString:
        """Since when it waits, exactly."""
        return render.both(child.created_at)

    @display(description="Next try")
    def next_both(self, child: PendingChild) -> str | SafeString:
        """When the sweep looks again, exactly."""
        return render.both(child.next_try_at)

    @display(description="Batch")
    def batch(self, child: PendingChild) -> SafeString:
        """Where it came in."""
        return render.link(child.batch_id, "sync_batch_change", child.batch_id)

    @display(description="Data")
    def content(self, child: PendingChild) -> str | SafeString:
        """What will be in the mirror once its parent is here."""
        return render.block(child.data)
