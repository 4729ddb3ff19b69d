"""The menu and the tabs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from admin_ui.access import may_operate
from admin_ui.render import address
from sync import drift
from sync.jobs.selecting import DEAD
from sync.models import Command, Delivery, FailedRecord, Job, SourceColumn
from sync.models.command import State

MOST_COUNTED = 1_000
"""A badge never counts further: every page shows it."""
Item = dict[str, Any]


def sidebar(request: HttpRequest) -> list[Item]:
    """The menu, with how much waits for a person beside its entry."""
    first = [
        _item("Dashboard", "space_dashboard", "index", lambda _: True),
        _item("Sync now", "sync", "sync_now", may_operate),
        _item("Resync", "restart_alt", "resync", may_operate),
    ]
    return [
        {"items": first},
        {"title": "Work", "separator": True, "items": _work(request)},
        {"title": "Rows", "separator": True, "items": _rows(request)},
        {"title": "People", "separator": True, "items": _people()},
    ]


def tabs(request: HttpRequest) -> list[Item]:
    """The few filters that people use all day, above their lists."""
    return [
        {
            "models": ["sync.job"],
            "items": [
                _tab("All", request, "sync_job_changelist", standing=None),
                _tab("Under way", request, "sync_job_changelist", standing="unfinished"),
                _tab("Dead", request, "sync_job_changelist", standing="dead"),
            ],
        },
        {
            "models": ["sync.failedrecord"],
            "items": [
                _tab("All", request, "sync_failedrecord_changelist", state=None),
                _tab("Open", request, "sync_failedrecord_changelist", state="open"),
                _tab("Discarded", request, "sync_failedrecord_changelist", state="discarded"),
            ],
        },
        {
            "models": ["sync.delivery"],
            "items": [
                _tab("All", request, "sync_delivery_changelist", state=None),
                _tab("Refused", request, "sync_delivery_changelist", state="refused"),
                _tab("No answer", request, "sync_delivery_changelist", state="unknown"),
                _tab("Waiting", request, "sync_delivery_changelist", state="waiting"),
            ],
        },
        {
            "models": ["sync.sourcecolumn"],
            "items": [
                _tab("To look at", request, "sync_sourcecolumn_changelist", standing=None),
                _tab("All columns", request, "sync_sourcecolumn_changelist", standing="all"),
            ],
        },
    ]


def _work(request: HttpRequest) -> list[Item]:
    return [
        _item("Jobs", "work", "sync_job_changelist", _may("view_job")),
        _item("Dead jobs", "skull", "dead_jobs", _may("view_job"), badge=_dead(request)),
        _item("Lanes", "low_priority", "sync_lanerow_changelist", _may("view_lanerow")),
        _item("Limits", "speed", "sync_scopelimit_changelist", _may("view_scopelimit")),
        _item("Commands", "send", "sync_command_changelist", _may("view_command"), badge=_unknown(request)),
        _item("Workers", "dns", "sync_worker_changelist", _may("view_worker")),
        _item("Batches", "stacks", "sync_batch_changelist", _may("view_batch")),
        _item("Backfills", "history_toggle_off", "sync_backfill_changelist", _may("view_backfill")),
        _item("Schedules", "schedule", "sync_schedule_changelist", _may("view_schedule")),
        _item("Trackers", "my_location", "sync_tracker_changelist", _may("view_tracker")),
        _item("Budgets", "speed", "sync_budget_changelist", _may("view_budget")),
        _item("Webhooks", "webhook", "sync_inbound_changelist", _may("view_inbound")),
    ]


def _rows(request: HttpRequest) -> list[Item]:
    failed, pending = _may("view_failedrecord"), _may("view_pendingchild")
    columns, delivery = _may("view_sourcecolumn"), _may("view_delivery")
    return [
        _item("Records", "table_rows", "sync_recordrow_changelist", _may("view_recordrow")),
        _item("Failed records", "report", "sync_failedrecord_changelist", failed, badge=_failed(request)),
        _item("Error groups", "bug_report", "sync_errorgroup_changelist", _may("view_errorgroup")),
        _item("Mappings", "alt_route", "sync_mapping_changelist", _may("view_mapping")),
        _item("Deliveries", "outbox", "sync_delivery_changelist", delivery, badge=_refused(request)),
        _item("Pending children", "family_history", "sync_pendingchild_changelist", pending),
        _item("Drift", "difference", "sync_sourcecolumn_changelist", columns, badge=_drifted(request)),
        _item("Deletes", "delete_sweep", "sync_deleteproposal_changelist", _may("view_deleteproposal")),
    ]


def _people() -> list[Item]:
    return [
        _item("Audit", "history", "sync_auditentry_changelist", _may("view_auditentry")),
        _item("Users", "person", "auth_user_changelist", _may("view_user", "auth")),
        _item("Groups", "group", "auth_group_changelist", _may("view_group", "auth")),
    ]


def _item(
    title: str, icon: str, page: str, permission: Callable[[HttpRequest], bool], badge: str | None = None
) -> Item:
    item = {"title": title, "icon": icon, "link": address(page), "permission": permission}
    return {**item, "badge": badge, "badge_variant": "danger"} if badge else item


def _tab(title: str, request: HttpRequest, page: str, **only: str | None) -> Item:
    ((name, value),) = only.items()
    link = address(page, **{name: value}) if value else address(page)
    return {"title": title, "link": link, "active": lambda _: request.GET.get(name) == value}


def _may(codename: str, app: str = "sync") -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perm(f"{app}.{codename}")


def _dead(request: HttpRequest) -> str | None:
    return _capped(Job.objects.filter(DEAD)[:MOST_COUNTED].count()) if _may("view_job")(request) else None


def _unknown(request: HttpRequest) -> str | None:
    if not _may("view_command")(request):
        return None
    unknown = Command.objects.filter(state=State.UNKNOWN, job__status=Job.Status.FAILED)
    return _capped(unknown[:MOST_COUNTED].count())


def _failed(request: HttpRequest) -> str | None:
    if not _may("view_failedrecord")(request):
        return None
    return _capped(FailedRecord.objects.filter(state=FailedRecord.State.OPEN)[:MOST_COUNTED].count())


def _refused(request: HttpRequest) -> str | None:
    if not _may("view_delivery")(request):
        return None
    return _capped(Delivery.objects.filter(state=Delivery.State.REFUSED)[:MOST_COUNTED].count())


def _drifted(request: HttpRequest) -> str | None:
    if not _may("view_sourcecolumn")(request):
        return None
    return _capped(SourceColumn.objects.filter(drift.OPEN)[:MOST_COUNTED].count())


def _capped(number: int) -> str | None:
    if not number:
        return None
    return f"{number:,}+" if number == MOST_COUNTED else f"{number:,}"
