"""Trackers: how far each entity was read, how fresh it is, what failed and what waits."""

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
from admin_ui.access import may_operate
from admin_ui.acts import Act, on_many, on_one
from admin_ui.overview import overview
from admin_ui.page import Page
from admin_ui.site import site
from sync.audit import Actor
from sync.errors import NotFound
from sync.jobs import verbs
from sync.models import EntityRow, Tracker
from sync.registry import Registered, registry


def _pause(key: str, by: Actor, remark: str) -> None:
    verbs.pause(_registered(key), by=by, reason=remark)


def _resume(key: str, by: Actor, remark: str) -> None:
    verbs.resume(_registered(key), by=by, reason=remark)


def _registered(key: str) -> Registered:
    row = EntityRow.objects.filter(pk=key).first()
    if row is None:
        raise NotFound(f"There is no tracker {key}.")
    return registry.find(row.path)


PAUSE = Act(
    name="pause",
    title="Pause",
    icon="pause",
    question="Start no more jobs of it until it is resumed? What runs now goes on.",
    done="{count} paused.",
    call=_pause,
    remark="optional",
)
RESUME = Act(
    name="resume",
    title="Resume",
    icon="play_arrow",
    question="Let its jobs start again?",
    done="{count} resumed.",
    call=_resume,
    remark="optional",
)


class SystemFilter(DropdownFilter):
    """By system."""

    title = "system"
    parameter_name = "system"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(system.name, system.label or system.name) for system in registry.systems]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Tracker]) -> QuerySet[Tracker]:
        return queryset.filter(entity__system=self.value()) if self.value() else queryset


@admin.register(Tracker, site=site)
class TrackersPage(Page):
    """One row an entity."""

    detail_title = "Tracker"
    list_display = (
        "name",
        "standing",
        "newest",
        "live",
        "failures",
        "waiting",
        "synced",
        "fresh",
        "watermark",
        "deletes",
        "ask",
    )
    list_display_links = ("name",)
    list_filter = (SystemFilter,)
    ordering = ("entity__path",)
    actions = ("pause_many", "resume_many")
    actions_detail = ("pause_one", "resume_one")
    fields = (
        ("name", "standing"),
        ("newest", "live"),
        ("failures", "waiting"),
        ("synced_both", "fresh_both"),
        ("watermark", "feed_seq"),
        "deletes_both",
        "remark",
    )

    pause_one, pause_many = on_one(PAUSE), on_many(PAUSE)
    resume_one, resume_many = on_one(RESUME), on_many(RESUME)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tracker]:
        """With everything the row shows, in one query."""
        return overview(super().get_queryset(request))

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """The way to a sync only for those who may ask for one."""
        shown = self.list_display
        return shown if may_operate(request) else tuple(name for name in shown if name != "ask")

    def acts_of(self, shown: Tracker) -> Container[str]:
        """Pause an active one, resume a paused one."""
        return (RESUME.name if shown.state == Tracker.State.PAUSED else PAUSE.name,)

    @display(description="Entity", ordering="entity__path")
    def name(self, tracker: Tracker) -> str:
        """The entity's path."""
        return tracker.entity.path

    @display(description="State", ordering="state")
    def standing(self, tracker: Tracker) -> SafeString:
        """Active or paused; an entity whose declaration is gone says so."""
        if tracker.entity.path not in registry:
            return render.label("not declared", "warning")
        return render.label(tracker.state, "success" if tracker.state == Tracker.State.ACTIVE else "warning")

    @display(description="Newest sync")
    def newest(self, tracker: Any) -> str | SafeString:
        """The status of the entity's newest sync job."""
        return newest(tracker)

    @display(description="Live rows", ordering="live_rows")
    def live(self, tracker: Tracker) -> SafeString:
        """How many records it has."""
        return render.link(f"{tracker.live_rows:,}", "sync_recordrow_changelist", entity=tracker.entity.path)

    @display(description="Failed")
    def failures(self, tracker: Any) -> str | SafeString:
        """Open failed records."""
        return failures(tracker)

    @display(description="Pending")
    def waiting(self, tracker: Any) -> str | SafeString:
        """Rows that wait for a parent."""
        return waiting(tracker)

    @display(description="Last sync", ordering="last_sync_at")
    def synced(self, tracker: Tracker) -> str | SafeString:
        """When the last complete run ended."""
        return render.ago(tracker.last_sync_at)

    @display(description="Fresh to", ordering="fresh_to")
    def fresh(self, tracker: Tracker) -> str | SafeString:
        """Every record is at least this fresh."""
        return render.ago(tracker.fresh_to)

    @display(description="Last sync")
    def synced_both(self, tracker: Tracker) -> str | SafeString:
        """When the last complete run ended, exactly."""
        return render.both(tracker.last_sync_at)

    @display(description="Fresh to")
    def fresh_both(self, tracker: Tracker) -> str | SafeString:
        """Every record is at least this fresh, exactly."""
        return render.both(tracker.fresh_to)

    @display(description="Deletes")
    def deletes(self, tracker: Tracker) -> str | SafeString:
        """Whether its full reads delete nothing; why, the tracker's own page tells."""
        return render.label("held back", "warning") if tracker.deletes_held else render.NONE

    @display(description="Deletes held back")
    def deletes_both(self, tracker: Tracker) -> str | SafeString:
        """Why its full reads delete nothing, and since when."""
        if tracker.deletes_held is None:
            return render.NONE
        return format_html("{} Since {}.", tracker.deletes_held, render.both(tracker.deletes_held_since))

    @display(description="")
    def ask(self, tracker: Tracker) -> str | SafeString:
        """The way to a sync of it."""
        return ask(tracker)


def newest(tracker: Any) -> str | SafeString:
    """A link to the newest sync job, by its status."""
    if tracker.newest_id is None:
        return render.NONE
    shown = render.label(tracker.newest_status, render.JOB_LABELS[tracker.newest_status])
    return render.link(shown, "sync_job_change", tracker.newest_id)


def failures(tracker: Any) -> str | SafeString:
    """Open failed records, as a link to them."""
    if not tracker.failed:
        return "0"
    path = tracker.entity.path
    return render.link(f"{tracker.failed:,}", "sync_failedrecord_changelist", entity=path, state="open")


def waiting(tracker: Any) -> str | SafeString:
    """Rows that wait, as a link to them."""
    if not tracker.pending:
        return "0"
    return render.link(f"{tracker.pending:,}", "sync_pendingchild_changelist", entity=tracker.entity.path)


def ask(tracker: Tracker) -> str | SafeString:
    """A link to `Sync now` with the entity chosen."""
    path = tracker.entity.path
    return render.link("Sync now", "sync_now", entity=path) if path in registry else render.NONE
