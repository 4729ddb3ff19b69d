"""Deletes: what full reads found missing at the far end; approve, reject, undo."""

from __future__ import annotations

from collections.abc import Container
from uuid import UUID

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.enums import ActionVariant

from admin_ui import render
from admin_ui.acts import Act, on_one
from admin_ui.filters import EntityFilter, TextFilter
from admin_ui.page import EntityPage
from admin_ui.site import site
from sync import deletes
from sync.models import DeleteProposal

State = DeleteProposal.State
STATES = {
    "proposed": "warning",
    "approved": "primary",
    "applied": "danger",
    "rejected": "",
    "undone": "info",
    "expired": "",
}

APPROVE = Act(
    name="approve",
    title="Approve",
    icon="delete",
    variant=ActionVariant.DANGER,
    question="Delete these records, but for those seen since? It can be undone as long as the page says.",
    done="{count} approved: a job deletes the records.",
    call=lambda key, by, remark: deletes.approve(UUID(key), by=by, reason=remark or None),
    remark="optional",
)
REJECT = Act(
    name="reject",
    title="Reject",
    icon="block",
    question="Keep these records? They are not proposed again before the proposal's days are over.",
    done="{count} rejected: the records stay.",
    call=lambda key, by, remark: deletes.reject(UUID(key), by=by, reason=remark),
    remark="required",
)
UNDO = Act(
    name="undo",
    title="Undo",
    icon="undo",
    variant=ActionVariant.PRIMARY,
    question="Bring these records back as they were, but for those that changed since?",
    done="{count} undone: a job brings the records back.",
    call=lambda key, by, remark: deletes.undo(UUID(key), by=by, reason=remark or None),
    remark="optional",
)


class StateFilter(TextFilter):
    """By state."""

    title = "state"
    parameter_name = "state"
    words = tuple(State.values)


@admin.register(DeleteProposal, site=site)
class DeleteProposalsPage(EntityPage):
    """The list of proposals and one of them."""

    detail_title = "Deletes"
    list_display = ("condition", "of_entity", "missing", "keys", "found", "deadline", "decided_by")
    list_display_links = ("condition", "of_entity")
    list_filter = (StateFilter, EntityFilter)
    actions_detail = ("approve_one", "reject_one", "undo_one")
    fields = (
        ("condition", "of_entity"),
        ("missing", "read"),
        ("found_both", "deadline_both"),
        "decision",
        "outcome",
        "all_keys",
    )

    approve_one, reject_one, undo_one = on_one(APPROVE), on_one(REJECT), on_one(UNDO)

    def acts_of(self, shown: DeleteProposal) -> Container[str]:
        """What can be done in its state."""
        return deletes.possible(shown)

    @display(description="State", ordering="state")
    def condition(self, proposal: DeleteProposal) -> SafeString:
        """The state as a label."""
        return render.label(proposal.state, STATES[proposal.state])

    @display(description="Missing", ordering="count")
    def missing(self, proposal: DeleteProposal) -> str:
        """How many, of how many."""
        share = f"{proposal.share:.1%}"
        return f"{render.number(proposal.count)} of {render.number(proposal.live_rows)} ({share})"

    @display(description="Keys")
    def keys(self, proposal: DeleteProposal) -> str:
        """A few of them."""
        return ", ".join(proposal.sample[:3])

    @display(description="Some of the keys")
    def all_keys(self, proposal: DeleteProposal) -> str | SafeString:
        """All that are kept to be looked at."""
        return render.block("\n".join(proposal.sample))

    @display(description="Found", ordering="id")
    def found(self, proposal: DeleteProposal) -> str | SafeString:
        """Since when it is known."""
        return render.ago(proposal.created_at)

    @display(description="Found")
    def found_both(self, proposal: DeleteProposal) -> str | SafeString:
        """Since when it is known, exactly."""
        return render.both(proposal.created_at)

    @display(description="Until", ordering="until")
    def deadline(self, proposal: DeleteProposal) -> str | SafeString:
        """So long it can be decided, or undone."""
        return render.ago(proposal.until)

    @display(description="Until")
    def deadline_both(self, proposal: DeleteProposal) -> str | SafeString:
        """So long it can be decided, or undone, exactly."""
        return render.both(proposal.until)

    @display(description="Found by the read")
    def read(self, proposal: DeleteProposal) -> SafeString:
        """The job that read everything."""
        return render.link(proposal.job_id, "sync_job_change", proposal.job_id)

    @display(description="Decided")
    def decision(self, proposal: DeleteProposal) -> str | SafeString:
        """When, by whom and why."""
        if proposal.decided_at is None:
            return proposal.reason or render.NONE
        when, remark = render.both(proposal.decided_at), proposal.reason or "no remark"
        return format_html("{} by {}: {}", when, proposal.decided_by or render.NONE, remark)

    @display(description="Outcome")
    def outcome(self, proposal: DeleteProposal) -> str:
        """What its jobs did."""
        done = []
        if proposal.deleted is not None:
            done.append(f"{proposal.deleted:,} deleted {render.stamp(proposal.applied_at)}")
        if proposal.revived is not None:
            done.append(f"{proposal.revived:,} brought back {render.stamp(proposal.undone_at)}")
        return "; ".join(done) or render.NONE
