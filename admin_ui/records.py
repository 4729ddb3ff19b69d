"""Records: the mirror, entity by entity; the data of one, its age, history and lineage."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from admin_ui import render
from admin_ui.counted import CountedPaginator
from admin_ui.filters import EntityFilter
from admin_ui.keys import key_of
from admin_ui.page import EntityPage
from admin_ui.record_deliveries import deliveries
from admin_ui.record_history import history
from admin_ui.record_lineage import lineage_tables
from admin_ui.search import by_key
from admin_ui.site import site
from sync.models import RecordRow, Tracker
from sync.registry import registry
from sync.schema import entity_id, ready

SHOWN_FIELDS = 4


class DeletedFilter(DropdownFilter):
    """Deleted records are left out unless asked for."""

    title = "deleted"
    parameter_name = "deleted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("with", "With deleted ones"), ("only", "Deleted ones only")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[RecordRow]) -> QuerySet[RecordRow]:
        if self.value() == "with":
            return queryset
        return queryset.filter(deleted_at__isnull=self.value() != "only")


@admin.register(RecordRow, site=site)
class RecordsPage(EntityPage):
    """The list of an entity's records; without an entity there is only the choice of one."""

    list_display = ("key", "summary", "revision", "age", "changed", "gone")
    list_display_links = ("key",)
    list_filter = (EntityFilter, DeletedFilter)
    list_before_template = "admin_ui/chosen_entity.html"
    search_fields = ("key_hash",)
    search_help_text = "A key, as in the API's addresses"
    sortable_by = ()  # the primary key's order is the only one an index serves for every entity
    fields = (
        ("of_entity", "key"),
        ("revision", "gone", "mapping"),
        ("synced", "changed_both"),
        "came_from",
        "hashes",
        "content",
    )
    change_form_outer_after_template = "admin_ui/tables.html"

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> RecordRow | None:
        """By both columns of the key, so that the index is used; `ref` is computed by the view."""
        number, _, key_hash = object_id.partition("~")
        try:
            found = self.get_queryset(request).filter(entity_id=int(number), key_hash=UUID(key_hash))
        except ValueError:
            return None
        return found.first()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[RecordRow], search_term: str
    ) -> tuple[QuerySet[RecordRow], bool]:
        """The one record with this key."""
        if not search_term.strip():
            return queryset, False
        found = by_key(queryset, search_term, request.GET.get("entity"))
        return queryset.none() if found is None else found, False

    def get_paginator(
        self, request: HttpRequest, queryset: Any, per_page: int, *more: Any, **named: Any
    ) -> Any:
        """The tracker knows how many live rows there are: a count over the leaf would read all of it."""
        paginator = CountedPaginator(queryset, per_page, *more, **named)
        path = _chosen(request)
        if path and not request.GET.get("q") and not request.GET.get("deleted"):
            rows = (
                Tracker.objects.filter(entity_id=entity_id(path)).values_list("live_rows", flat=True).first()
            )
            paginator.known = rows or 0
        return paginator

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list of an entity, or the choice of one."""
        if path := _chosen(request):
            context = {"chosen": registry.find(path), **(extra_context or {})}
            return super().changelist_view(request, context)
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {**site.each_context(request), "title": "Records", "entities": list(registry)}
        return TemplateResponse(request, "admin_ui/choose_entity.html", context)

    def detail(self, request: HttpRequest, shown: RecordRow) -> dict[str, Any]:
        """Its versions, what targets have of it, and where it came from."""
        return {
            "title": f"{shown.entity.path} {self.key(shown)}",
            "subtitle": None,
            "tables": [history(shown), *deliveries(shown), *lineage_tables(shown)],
        }

    @display(description="Key")
    def key(self, record: RecordRow) -> str:
        """As in the API's addresses."""
        return key_of(record.entity.path, record.data) or str(record.key_hash)

    @display(description="Data")
    def summary(self, record: RecordRow) -> SafeString:
        """The first few fields that are no part of the key."""
        words = " · ".join(str(value) for value in _first_values(record))
        return format_html('<span class="b-cut b-wide" title="{}">{}</span>', words, words)

    @display(description="Asked")
    def age(self, record: RecordRow) -> str | SafeString:
        """When the far end was asked for this state."""
        return render.ago(record.synced_at)

    @display(description="Changed")
    def changed(self, record: RecordRow) -> str | SafeString:
        """When this version came."""
        return render.ago(record.changed_at)

    @display(description="Deleted")
    def gone(self, record: RecordRow) -> str | SafeString:
        """When it was found deleted at the far end."""
        return render.ago(record.deleted_at)

    @display(description="Far end asked")
    def synced(self, record: RecordRow) -> str | SafeString:
        """When the far end was asked for this state, exactly."""
        return render.both(record.synced_at)

    @display(description="Changed")
    def changed_both(self, record: RecordRow) -> str | SafeString:
        """When this version came, exactly."""
        return render.both(record.changed_at)

    @display(description="Came with")
    def came_from(self, record: RecordRow) -> SafeString:
        """The batch and row it came with."""
        batch = render.link(f"batch {record.batch_id}", "sync_batch_change", record.batch_id)
        return format_html("{}, row {}", batch, record.row_no)

    @display(description="Hashes")
    def hashes(self, record: RecordRow) -> SafeString:
        """Of its key and of its data."""
        return format_html(
            '<span class="b-json">key {}<br>data {}</span>',
            record.key_hash.hex,
            bytes(record.data_hash).hex(),
        )

    @display(description="Data")
    def content(self, record: RecordRow) -> str | SafeString:
        """All fields."""
        return render.block(record.data)


def _chosen(request: HttpRequest) -> str | None:
    path = request.GET.get("entity")
    return path if path and path in registry and ready(path) else None


def _first_values(record: RecordRow) -> list[Any]:
    path = record.entity.path
    entity = registry.find(path).entity if path in registry else None
    left_out = set()
    if entity is not None:  # bytes say nothing to a reader
        left_out = {*entity.key, *(name for name, field in entity.fields.items() if field.kind == "bytes")}
    told = [value for name, value in record.data.items() if name not in left_out and value not in (None, "")]
    return told[:SHOWN_FIELDS]
