"""Jobs: what was asked for, how far it came, why it failed; re-run, cancel, resolve."""

from __future__ import annotations

from collections.abc import Container
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from admin_ui import render
from admin_ui.acts import Act, on_many, on_one
from admin_ui.filters import EntityFilter, TextFilter
from admin_ui.job_detail import tables
from admin_ui.page import EntityPage
from admin_ui.progress import progress, with_progress
from admin_ui.search import by_id
from admin_ui.search_jobs import bulk_form, by_words
from admin_ui.site import site
from sync import asked
from sync.commands.about import about
from sync.commands.accept import KIND as COMMAND
from sync.errors import BridgeError
from sync.jobs import verbs
from sync.jobs.kinds import KINDS
from sync.jobs.selecting import DEAD
from sync.models import Command, Job
from sync.redaction import masked

UNFINISHED = (Job.Status.PENDING, Job.Status.PROCESSING)
EDITABLE = (Job.Status.FAILED, Job.Status.PENDING)
RETRIED_WHILE_PENDING = ("backoff", "configuration")

RETRY = Act(
    name="retry",
    title="Re-run",
    icon="replay",
    variant=ActionVariant.PRIMARY,
    question="Run it again now, with all its tries?",
    done="{count} asked to run again.",
    call=lambda key, by, remark: verbs.retry(UUID(key), by=by, reason=remark or None),
    remark="optional",
)
CANCEL = Act(
    name="cancel",
    title="Cancel",
    icon="cancel",
    question="Stop it? What it has committed stays; the rest is not done.",
    done="{count} cancelled.",
    call=lambda key, by, remark: verbs.cancel(UUID(key), by=by, reason=remark or None),
    remark="optional",
)
RESOLVE = Act(
    name="resolve",
    title="Resolve",
    icon="done_all",
    question="Close it as dealt with, without running it again? It stops blocking what waits behind it.",
    done="{count} resolved.",
    call=lambda key, by, remark: verbs.resolve(UUID(key), by=by, remark=remark),
    remark="required",
)


# Unfold's annotations make no decorator of it.
_ACT_ON_ALL: Any = action(description="Act on all …", url_path="act-on-all", permissions=("operate",))
_EDIT: Any = action(description="Edit and run", url_path="edit", icon="edit", permissions=("operate",))


def act_on_all(page: Any, request: HttpRequest) -> HttpResponse:
    """One act on all that a filter finds: that of the list from which somebody comes, to begin with."""
    shown = urlsplit(request.headers.get("Referer", ""))
    if shown.path != render.address("sync_job_changelist"):
        return HttpResponseRedirect(render.address("jobs_bulk"))
    given, left = bulk_form(dict(parse_qsl(shown.query)))
    if left:
        messages.warning(request, f"The search for {left!r} is no filter here: it is left out.")
    return HttpResponseRedirect(render.address("jobs_bulk", **given))


def edit_one(page: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """The same work with other parameters."""
    return HttpResponseRedirect(render.address("job_edit", object_id))


class StatusFilter(TextFilter):
    """By status."""

    title = "status"
    parameter_name = "status"
    words = tuple(Job.Status.values)


class KindFilter(TextFilter):
    """By kind of work."""

    title = "kind"
    parameter_name = "kind"
    words = tuple(KINDS)


class StandingFilter(DropdownFilter):
    """By what a person has to do with it."""

    title = "standing"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("dead", "Dead: failed, not resolved"), ("resolved", "Resolved"), ("unfinished", "Under way")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        match self.value():
            case "dead":
                return queryset.filter(DEAD)
            case "resolved":
                return queryset.filter(resolved_at__isnull=False)
            case "unfinished":
                return queryset.filter(status__in=UNFINISHED)
        return queryset


@admin.register(Job, site=site)
class JobsPage(EntityPage):
    """The list of jobs, the detail of one, and what can be done to them."""

    list_display = ("state", "work", "kind", "advance", "tries", "created", "duration", "trouble")
    list_display_links = ("state", "work")
    list_filter = (StandingFilter, StatusFilter, EntityFilter, KindFilter)
    search_fields = ("id",)
    search_help_text = "An id or how it begins, or code=… error=… params.key.id=… since=… lane=…"
    actions = ("retry_many", "cancel_many", "resolve_many")
    actions_detail = ("retry_one", "resolve_one", "cancel_one", "edit_one")
    actions_list = ("act_on_all",)
    change_form_outer_after_template = "admin_ui/tables.html"

    retry_one, retry_many = on_one(RETRY), on_many(RETRY)
    cancel_one, cancel_many = on_one(CANCEL), on_many(CANCEL)
    resolve_one, resolve_many = on_one(RESOLVE), on_many(RESOLVE)
    act_on_all, edit_one = _ACT_ON_ALL(act_on_all), _EDIT(edit_one)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        """With the entity and the progress, whatever the length of the list."""
        return with_progress(super().get_queryset(request).select_related("entity"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Job], search_term: str
    ) -> tuple[QuerySet[Job], bool]:
        """By id or its beginning, as a range that the primary key's index serves, or by name=value."""
        if "=" not in search_term:
            return by_id(queryset, search_term), False
        try:
            return by_words(queryset, search_term, request.GET.dict()), False
        except BridgeError as error:
            messages.error(request, error.message)
            return queryset.none(), False

    def acts_of(self, shown: Job) -> Container[str]:
        """What makes sense for the job as it stands."""
        editable = shown.status in EDITABLE and shown.kind in asked.kinds()
        return {act.name for act in sensible(shown)} | ({"edit"} if editable else set())

    def detail(self, request: HttpRequest, shown: Job) -> dict[str, Any]:
        """It keeps itself up to date while the job is under way."""
        return {
            "title": f"{shown.kind} {about(shown) or ''}".strip(),
            "subtitle": str(shown.id),
            "tables": tables(shown),
            "live": shown.status in UNFINISHED,
        }

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The error first, where there is one."""
        facts: list[Any] = [
            ("state", "work"),
            ("kind", "requested_by"),
            ("advance", "tries"),
            ("created_both", "started"),
            ("finished", "waits") if obj and obj.status == Job.Status.PENDING else "finished",
        ]
        if obj and obj.parent_id:
            facts += ["parent"]
        if obj and obj.kind == COMMAND:
            facts += ["command"]
        if obj and obj.resolved_at:
            facts += ["resolution"]
        sets: list[Any] = [(None, {"fields": facts})]
        if obj and obj.error:
            sets.insert(0, ("Error", {"fields": ["error_code", "error_text"]}))
        return [*sets, ("Parameters and result", {"fields": ["parameters", "outcome"]})]

    @display(description="Status", ordering="status")
    def state(self, job: Job) -> SafeString:
        """The status as a label, and why a pending one waits."""
        word = "resolved" if job.resolved_at else job.status
        shown = render.label(word, render.JOB_LABELS.get(word, ""))
        return format_html('{} <span class="b-quiet">{}</span>', shown, job.hold) if job.hold else shown

    @display(description="Entity or command", ordering="entity__path")
    def work(self, job: Job) -> str:
        """What it is about."""
        return about(job) or render.NONE

    @display(description="Progress")
    def advance(self, job: Job) -> str | SafeString:
        """Rows so far, of all where the far end says how many there are."""
        return progress(job)

    @display(description="Failed tries", ordering="attempts")
    def tries(self, job: Job) -> str:
        """Runs that failed and took a try; worker deaths beside them."""
        return f"{job.attempts} (+{job.deaths} worker deaths)" if job.deaths else str(job.attempts)

    @display(description="Created", ordering="id")
    def created(self, job: Job) -> str | SafeString:
        """How long ago it was asked for."""
        return render.ago(job.created_at)

    @display(description="Took")
    def duration(self, job: Job) -> str:
        """From start to end, or until now; a job that waits for another run took none yet."""
        if job.started_at is None or job.status == Job.Status.PENDING:
            return render.NONE
        return render.span((job.finished_at or timezone.now()) - job.started_at)

    @display(description="Error")
    def trouble(self, job: Job) -> str | SafeString:
        """The last error in one line."""
        if not job.error:
            return render.NONE
        return render.cut(job.error)

    @display(description="Created")
    def created_both(self, job: Job) -> str | SafeString:
        """The moment it was asked for."""
        return render.both(job.created_at)

    @display(description="Started")
    def started(self, job: Job) -> str | SafeString:
        """When it first ran."""
        return render.both(job.started_at)

    @display(description="Finished")
    def finished(self, job: Job) -> str | SafeString:
        """When it ended, and how long it took."""
        return (
            format_html("{} (took {})", render.both(job.finished_at), self.duration(job))
            if job.finished_at
            else "–"
        )

    @display(description="Runs again")
    def waits(self, job: Job) -> str | SafeString:
        """Not before this moment."""
        return render.both(job.run_after)

    @display(description="Asked for by job")
    def parent(self, job: Job) -> SafeString:
        """The job that asked for this one."""
        return render.link(job.parent_id, "sync_job_change", job.parent_id)

    @display(description="Command")
    def command(self, job: Job) -> str | SafeString:
        """What it sends, with its ledger."""
        sent = Command.objects.filter(job=job).first()
        return render.link(f"{sent.kind} {sent.pk}", "sync_command_change", sent.pk) if sent else render.NONE

    @display(description="Resolved")
    def resolution(self, job: Job) -> SafeString:
        """Who closed it, when, and why."""
        return format_html(
            "{} by {}: {}", render.both(job.resolved_at), job.resolved_by, job.remark or render.NONE
        )

    @display(description="Message")
    def error_text(self, job: Job) -> str | SafeString:
        """The far end's words in full."""
        return render.block(job.error)

    @display(description="Parameters")
    def parameters(self, job: Job) -> str | SafeString:
        """What it was asked to do."""
        return render.block(masked(job.params) or None)

    @display(description="Result")
    def outcome(self, job: Job) -> str | SafeString:
        """What came of it."""
        return "See the tables." if job.kind == "dry_run" and job.result else render.block(masked(job.result))


def sensible(job: Job) -> list[Act]:
    """The acts that the job's status allows."""
    match job.status:
        case Job.Status.FAILED:
            return [RETRY] if job.resolved_at else [RETRY, RESOLVE]
        case Job.Status.PENDING:
            return [RETRY, CANCEL] if job.hold in RETRIED_WHILE_PENDING else [CANCEL]
        case Job.Status.PROCESSING:
            return [CANCEL]
    return []
