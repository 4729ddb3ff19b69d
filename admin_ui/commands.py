"""Commands: what is known of each effect, its ledger; settle those that nobody can be asked about."""

from __future__ import annotations

import json
from collections.abc import Container
from typing import Any

from django.contrib import admin
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from admin_ui import render
from admin_ui.acts import on_many, on_one
from admin_ui.command_acts import APPROVE, COMPENSATE, NOT_DONE, PROVEN, REJECT
from admin_ui.filters import TextFilter
from admin_ui.job_detail import Table, exchanges
from admin_ui.page import Page
from admin_ui.site import site
from sync.commands import ledger
from sync.commands.approve import APPROVAL
from sync.commands.compensate import can_compensate
from sync.commands.declared import declared
from sync.commands.words import words
from sync.models import Command, Job
from sync.models.command import State
from sync.redaction import masked

LABELS = {"intended": "", "sent": "primary", "proven": "success", "refused": "danger", "unknown": "warning"}
MOST_LINES = 200


class StateFilter(TextFilter):
    """By state."""

    title = "state"
    parameter_name = "state"
    words = tuple(State.values)


class CommandFilter(DropdownFilter):
    """By its declaration."""

    title = "command"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(one.path, one.path) for one in declared()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Command]) -> QuerySet[Command]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Command, site=site)
class CommandsPage(Page):
    """The list of commands, and one with its payload and its ledger."""

    detail_title = "Command"
    list_display = ("asked", "kind", "standing", "waits", "client", "there", "trouble")
    list_display_links = ("asked", "kind")
    list_filter = (StateFilter, CommandFilter)
    list_select_related = ("job",)
    search_fields = ("kind", "client", "remote_id", "idempotency_key")
    search_help_text = "Name, client, far end's id, or idempotency key"
    ordering = ("-id",)
    actions = ("proven_many", "not_done_many", "approve_many", "reject_many", "compensate_many")
    actions_detail = ("proven_one", "not_done_one", "approve_one", "reject_one", "compensate_one")
    fields = (
        ("kind", "standing"),
        ("client", "idempotency_key"),
        ("asked_both", "of_job"),
        ("remote", "waits"),
        "error",
        "content",
    )
    change_form_outer_after_template = "admin_ui/tables.html"

    proven_one, proven_many = on_one(PROVEN), on_many(PROVEN)
    not_done_one, not_done_many = on_one(NOT_DONE), on_many(NOT_DONE)
    approve_one, approve_many = on_one(APPROVE), on_many(APPROVE)
    reject_one, reject_many = on_one(REJECT), on_many(REJECT)
    compensate_one, compensate_many = on_one(COMPENSATE), on_many(COMPENSATE)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Command]:
        """With the jobs."""
        return super().get_queryset(request).select_related("job")

    def acts_of(self, shown: Command) -> Container[str]:
        """Only an open outcome is settled, only what waits for persons approved, only what is there taken back."""
        job = _job(shown)
        if job is not None and job.hold == APPROVAL:
            return (APPROVE.name, REJECT.name)
        if shown.state == State.PROVEN:
            return (COMPENSATE.name,) if can_compensate(shown) else ()
        return (PROVEN.name, NOT_DONE.name) if shown.state in ledger.OPEN else ()

    def detail(self, request: HttpRequest, shown: Command) -> dict[str, Any]:
        """Its ledger and what was said to the far end, drawn anew while its job is under way."""
        job = _job(shown)
        live = job is not None and job.status in (Job.Status.PENDING, Job.Status.PROCESSING)
        return {"tables": [_ledger(shown), *exchanges(shown.job_id)], "live": live}

    @display(description="Asked", ordering="id")
    def asked(self, command: Command) -> str | SafeString:
        """How long ago."""
        return render.ago(command.created_at)

    @display(description="Asked")
    def asked_both(self, command: Command) -> str | SafeString:
        """When, exactly."""
        return render.both(command.created_at)

    @display(description="State", ordering="state")
    def standing(self, command: Command) -> SafeString:
        """What is known of its effect."""
        return render.label(command.state, LABELS[command.state])

    @display(description="Job is")
    def waits(self, command: Command) -> str:
        """What its job does."""
        job = _job(command)
        return render.NONE if job is None else job.hold or job.status

    @display(description="Job")
    def of_job(self, command: Command) -> str | SafeString:
        """The job that sends it."""
        job = _job(command)
        return render.link(job.pk, "sync_job_change", job.pk) if job else render.NONE

    @display(description="At the far end")
    def there(self, command: Command) -> str | SafeString:
        """Its id there, and what was called back, in one line."""
        words = self.remote(command)
        return words if words == render.NONE else render.cut(words, short=True)

    @display(description="At the far end")
    def remote(self, command: Command) -> str:
        """Its id there, and what was called back."""
        told = [part for part in (command.remote_id, command.remote_status) if part]
        return ", ".join(told) or render.NONE

    @display(description="Error")
    def trouble(self, command: Command) -> str | SafeString:
        """Why it is not proven, in one line."""
        words = self.error(command)
        return words if words == render.NONE else render.cut(words, short=True)

    @display(description="Error")
    def error(self, command: Command) -> str:
        """Why it is not proven."""
        job = _job(command)
        return job.error if job and job.error and command.state != State.PROVEN else render.NONE

    @display(description="Payload")
    def content(self, command: Command) -> str | SafeString:
        """As validated, secrets hidden."""
        return render.block(json.dumps(masked(command.payload), indent=2, ensure_ascii=False))


def _ledger(command: Command) -> Table:
    rows = [
        [line.no, render.label(line.state, LABELS[line.state]), render.moment(line.at), words(line)]
        for line in command.ledger.order_by("-no")[:MOST_LINES]
    ]
    headers = ["No.", "State", "When", "What"]
    return {"title": "Ledger", "headers": headers, "rows": rows, "empty": "Nothing yet."}


def _job(command: Command) -> Job | None:
    try:
        return command.job
    except ObjectDoesNotExist:  # jobs are kept for a time only
        return None
