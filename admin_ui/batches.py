"""Batches: what was committed together, how many rows came of it, and how long each stage took."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from admin_ui import render
from admin_ui.batch_words import (
    COUNTS,
    END_COUNTS,
    STAGE_COUNTS,
    TARGET_COUNTS,
    counts_words,
    in_order,
    seconds_words,
)
from admin_ui.filters import EntityFilter
from admin_ui.page import EntityPage
from admin_ui.site import site
from sync.counters import success_rate
from sync.models import Batch
from sync.targets.counts import END_TO_END, counts_of


class OutcomeFilter(DropdownFilter):
    """By whether rows were set aside or wait."""

    title = "outcome"
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("failed", "With failed rows"), ("pending", "With rows waiting for a parent")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Batch]) -> QuerySet[Batch]:
        name = self.value()
        return queryset.filter(**{f"counts__{name}__gt": 0}) if name in {"failed", "pending"} else queryset


SHOWN = ("seq", "counts", "stage_ms", "resume", "first_error", "committed_at", "job")
"""Every column but the proof of what was seen, which has 16 bytes for each row read."""


@admin.register(Batch, site=site)
class BatchesPage(EntityPage):
    """The list of batches and one of them."""

    list_display = ("id", "of_entity", "counted", "seconds", "committed", "of_job")
    list_filter = (EntityFilter, OutcomeFilter)
    fields = (
        ("of_entity", "of_job"),
        ("pages", "total_seconds"),
        ("committed_both", "first_error"),
        "counted",
        "resumed",
    )
    change_form_outer_after_template = "admin_ui/tables.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Batch]:
        """With the entity, and only what is shown."""
        return super().get_queryset(request).select_related("entity").only("entity", *SHOWN)

    def detail(self, request: HttpRequest, shown: Batch) -> dict[str, Any]:
        """The numbers as tables."""
        tables = [_counts(shown), _stages(shown), *_targets(shown)]
        return {"title": f"Batch {shown.id} of {shown.entity}", "subtitle": None, "tables": tables}

    @display(description="Rows")
    def counted(self, batch: Batch) -> str:
        """What came of its rows."""
        return counts_words(batch.counts)

    @display(description="Seconds a stage")
    def seconds(self, batch: Batch) -> str:
        """Where the time went."""
        return seconds_words(batch.stage_ms) or render.NONE

    @display(description="Took")
    def total_seconds(self, batch: Batch) -> str:
        """All stages together."""
        return render.span(sum(batch.stage_ms.values()) / 1000)

    @display(description="Committed", ordering="id")
    def committed(self, batch: Batch) -> str | SafeString:
        """How long ago."""
        return render.ago(batch.committed_at)

    @display(description="Committed")
    def committed_both(self, batch: Batch) -> str | SafeString:
        """When, exactly."""
        return render.both(batch.committed_at)

    @display(description="Job")
    def of_job(self, batch: Batch) -> SafeString:
        """The job it belongs to."""
        return render.link(str(batch.job_id)[:13] + "…", "sync_job_change", batch.job_id)

    @display(description="Pages")
    def pages(self, batch: Batch) -> str:
        """The numbers of its first and last page."""
        return f"{batch.resume.get('first', batch.seq)} to {batch.resume.get('last', batch.seq)}"

    @display(description="Where the next one starts")
    def resumed(self, batch: Batch) -> str | SafeString:
        """The resume position."""
        return render.block(batch.resume)


def _counts(batch: Batch) -> dict[str, Any]:
    rows = [[word, f"{batch.counts.get(name, 0):,}"] for name, word in {**COUNTS, **STAGE_COUNTS}.items()]
    rows.append(["success rate", f"{success_rate(batch.counts):.2f} %"])
    return {"title": "Rows", "headers": ["What became of them", "Rows"], "rows": rows}


def _stages(batch: Batch) -> dict[str, Any]:
    rows = [[stage, f"{ms / 1000:.3f}"] for stage, ms in in_order(batch.stage_ms)]
    return {"title": "Time", "headers": ["Stage", "Seconds"], "rows": rows, "empty": "Not measured."}


def _targets(batch: Batch) -> list[dict[str, Any]]:
    found = counts_of(batch)
    if not found:
        return []
    there = [[target, *(f"{counts[name]:,}" for name in TARGET_COUNTS)] for target, counts in found.items()]
    whole = [[target, *_end_to_end(counts[END_TO_END])] for target, counts in found.items()]
    headers = ["Target", *(word.capitalize() for word in TARGET_COUNTS.values())]
    words = ["Target", *(word.capitalize() for word in END_COUNTS.values()), "Success rate"]
    return [
        {"title": "At targets", "headers": headers, "rows": there},
        {"title": "From the source to the target", "headers": words, "rows": whole},
    ]


def _end_to_end(counts: dict[str, Any]) -> list[str]:
    return [*(f"{counts[name]:,}" for name in END_COUNTS), f"{counts['success_rate']:.2f} %"]
