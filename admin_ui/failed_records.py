"""Failed records: what came in, how far it got, what is wrong with it; mend, retry, discard, reopen."""

from __future__ import annotations

from collections.abc import Container
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.enums import ActionVariant

from admin_ui import render
from admin_ui.access import actor, may_operate, require_operate
from admin_ui.acts import Act, on_many, on_one
from admin_ui.failed_detail import columns, error_table
from admin_ui.filters import EntityFilter, TextFilter
from admin_ui.mapping_versions import version_link, version_of
from admin_ui.mend import MendForm
from admin_ui.page import EntityPage
from admin_ui.search import by_id_or_key
from admin_ui.site import site
from sync import failures
from sync.error_groups import group_of
from sync.errors import BridgeError
from sync.models import FailedRecord

OPEN = FailedRecord.State.OPEN
STATES = {"open": "danger", "fixed": "success", "discarded": "", "superseded": "info"}
LISTED = ("stage", "code", "field", "message", "state", "times_seen", "attempts", "last_seen_at")
STAGES = ("fetch", "normalize", "validate", "map", "identity", "resolve", "ingest")

RETRY = Act(
    name="retry",
    title="Retry",
    icon="replay",
    variant=ActionVariant.PRIMARY,
    question="Run it again from the stage that refused it, with the data as it stands (mended, if it was)?",
    done="{count} will be run again.",
    call=lambda key, by, remark: failures.retry(UUID(key), by=by, reason=remark or None),
    remark="optional",
)
DISCARD = Act(
    name="discard",
    title="Discard",
    icon="delete",
    question="Close it? Its row is not wanted, until the far end sends other bytes or the mapping changes.",
    done="{count} discarded.",
    call=lambda key, by, remark: failures.discard(UUID(key), by=by, reason=remark),
    remark="required",
)
REOPEN = Act(
    name="reopen",
    title="Reopen",
    icon="undo",
    question="Take the discard back? One whose values are kept no longer fails anew when it is sent again.",
    done="{count} taken back.",
    call=lambda key, by, remark: failures.reopen(UUID(key), by=by, reason=remark or None),
    remark="optional",
)


class StateFilter(TextFilter):
    """By state."""

    title = "state"
    parameter_name = "state"
    words = tuple(FailedRecord.State.values)


class StageFilter(TextFilter):
    """By the stage that refused the row."""

    title = "stage"
    parameter_name = "stage"
    words = STAGES


@admin.register(FailedRecord, site=site)
class FailedRecordsPage(EntityPage):
    """The list of rows set aside, and one of them with its three shapes beside each other."""

    list_display = ("condition", "of_entity", "stage", "code", "wrong_field", "words", "times_seen", "seen")
    list_display_links = ("condition", "of_entity")
    list_filter = (StateFilter, EntityFilter, StageFilter)
    search_fields = ("id",)
    search_help_text = "An id; with an entity chosen also a key"
    actions = ("retry_many", "discard_many", "reopen_many")
    actions_detail = ("retry_one", "discard_one", "reopen_one")
    change_form_outer_before_template = "admin_ui/failed_record.html"

    retry_one, retry_many = on_one(RETRY), on_many(RETRY)
    discard_one, discard_many = on_one(DISCARD), on_many(DISCARD)
    reopen_one, reopen_many = on_one(REOPEN), on_many(REOPEN)

    def get_queryset(self, request: HttpRequest) -> QuerySet[FailedRecord]:
        """Lists leave the row's data where it is: it may be large."""
        rows = super().get_queryset(request).select_related("entity")
        match = request.resolver_match
        if match and match.url_name == "sync_failedrecord_changelist":
            return rows.only("entity", *LISTED)
        return rows

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[FailedRecord], search_term: str
    ) -> tuple[QuerySet[FailedRecord], bool]:
        """By id or its beginning, or by key within an entity."""
        return by_id_or_key(queryset, search_term, request.GET.get("entity")), False

    def acts_of(self, shown: FailedRecord) -> Container[str]:
        """An open one is retried or discarded; that is taken back of a discarded one."""
        if shown.state == OPEN:
            return (RETRY.name, DISCARD.name)
        return (REOPEN.name,) if shown.state == FailedRecord.State.DISCARDED else ()

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The detail; a POST is the mend form's."""
        failed = self.get_object(request, object_id or "")
        context = dict(extra_context or {})
        if isinstance(failed, FailedRecord) and self.has_view_permission(request, failed):
            form = None
            if may_operate(request) and failed.state == OPEN:
                form = MendForm(request.POST or None, failed=failed)
            if request.method == "POST":
                require_operate(request)
                if _mend(request, failed, form):
                    return HttpResponseRedirect(request.get_full_path())
                # The admin's own form here is read-only: what was posted, and is shown again, is ours.
                request.method = "GET"
            context |= _shown(failed, form)
        return self.render_detail(request, object_id, context)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What went wrong, and where the row came from."""
        facts: list[Any] = [
            ("condition", "of_entity"),
            ("stage", "code"),
            ("times_seen", "tries"),
            ("first_seen", "seen_both"),
            ("batch", "made_by"),
            "group",
        ]
        return [(None, {"fields": [*facts, "closing"] if obj and obj.closed_at else facts})]

    @display(description="State", ordering="state")
    def condition(self, failed: FailedRecord) -> SafeString:
        """The state as a label."""
        return render.label(failed.state, STATES[failed.state])

    @display(description="Field")
    def wrong_field(self, failed: FailedRecord) -> str:
        """The field of the first error."""
        return failed.field or render.NONE

    @display(description="Message")
    def words(self, failed: FailedRecord) -> SafeString:
        """The first error in one line."""
        return format_html('<span class="b-cut" title="{}">{}</span>', failed.message, failed.message)

    @display(description="Retries", ordering="attempts")
    def tries(self, failed: FailedRecord) -> int:
        """How often it was run again."""
        return failed.attempts

    @display(description="Last seen", ordering="last_seen_at")
    def seen(self, failed: FailedRecord) -> str | SafeString:
        """When the source last sent it."""
        return render.ago(failed.last_seen_at)

    @display(description="Last seen")
    def seen_both(self, failed: FailedRecord) -> str | SafeString:
        """When the source last sent it, exactly."""
        return render.both(failed.last_seen_at)

    @display(description="First seen")
    def first_seen(self, failed: FailedRecord) -> str | SafeString:
        """When the source first sent it."""
        return render.both(failed.first_seen_at)

    @display(description="Batch")
    def batch(self, failed: FailedRecord) -> SafeString:
        """Where the row came in."""
        batch = render.link(failed.batch_id, "sync_batch_change", failed.batch_id)
        return format_html("{}, row {}", batch, failed.row_no)

    @display(description="Mapping")
    def made_by(self, failed: FailedRecord) -> str | SafeString:
        """The mapping that it failed under."""
        return version_of(failed.entity_id, failed.mapping)

    @display(description="Error group")
    def group(self, failed: FailedRecord) -> str | SafeString:
        """All that failed for this cause, and the mapping that fixes it, as somebody said."""
        group = group_of(failed)
        if group is None:
            return render.NONE
        link = render.link(group.state, "sync_errorgroup_change", group.pk)
        return format_html("{}, fixed in {}", link, version_link(group.fixed_in)) if group.fixed_in else link

    @display(description="Closed")
    def closing(self, failed: FailedRecord) -> SafeString:
        """When, by whom and why it was closed."""
        remark = failed.remark or "no remark"
        return format_html(
            "{} by {}: {}", render.both(failed.closed_at), failed.closed_by or render.NONE, remark
        )


def _shown(failed: FailedRecord, form: MendForm | None) -> dict[str, Any]:
    return {
        "title": failed.message,
        "subtitle": str(failed.id),
        "errors_found": error_table(failed),
        "shapes": columns(failed),
        "mend": form,
        "input_of": failed.stage,
    }


def _mend(request: HttpRequest, failed: FailedRecord, form: MendForm | None) -> bool:
    """Whether the posted form is done with; if not it is shown again, with what is wrong."""
    if form is None:
        messages.error(request, f"Nothing was mended: this failed record is {failed.state}.")
        return True
    if not form.is_valid() or not _keep(request, failed, form):
        messages.error(request, "Nothing was mended: see what is wrong with the data below.")
        return False
    again = "_retry" in request.POST
    messages.success(
        request, f"Mended. {'It will be run again.' if again else 'Retry it when you are ready.'}"
    )
    return True


def _keep(request: HttpRequest, failed: FailedRecord, form: MendForm) -> bool:
    by, reason = actor(request), form.cleaned_data["reason"] or None
    try:
        with transaction.atomic():
            failures.mend(failed.id, form.cleaned_data["content"], by=by, reason=reason)
            if "_retry" in request.POST:
                failures.retry(failed.id, by=by, reason=reason)
    except BridgeError as error:
        form.add_error(None, error.message)
        return False
    return True
