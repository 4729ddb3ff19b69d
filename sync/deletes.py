"""What people do with deletes: approve, reject, undo. One set of functions for API, admin and shell."""

from __future__ import annotations

import uuid

from django.db import connection, transaction
from django.utils import timezone

from sync import audit
from sync.audit import Actor
from sync.errors import Conflict, NotFound
from sync.jobs.enqueue import UNFINISHED, enqueue
from sync.jobs.priorities import COMMAND
from sync.models import DeleteProposal, Job
from sync.queries import query
from sync.registry import registry

State = DeleteProposal.State


def approve(proposal_id: uuid.UUID, *, by: Actor, reason: str | None = None) -> DeleteProposal:
    """Delete its rows, those that were not seen since; a job does it. Raises NotFound, Conflict."""
    with transaction.atomic():
        proposal = _find(proposal_id, "approve")
        _decide(proposal, State.APPROVED, by, reason)
        _ask("apply", proposal, by)
    return proposal


def reject(proposal_id: uuid.UUID, *, by: Actor, reason: str | None = None) -> DeleteProposal:
    """Keep its rows; they are not proposed again until its days are over or the far end sends them.

    Raises NotFound, Conflict.
    """
    with transaction.atomic():
        proposal = _find(proposal_id, "reject")
        _decide(proposal, State.REJECTED, by, reason)
    return proposal


def undo(proposal_id: uuid.UUID, *, by: Actor, reason: str | None = None) -> DeleteProposal:
    """Revive the rows that it deleted, unless they changed since; a job does it. Raises NotFound, Conflict."""
    with transaction.atomic():
        proposal = _find(proposal_id, "undo")
        _decide(proposal, State.UNDONE, by, reason)
        _ask("undo", proposal, by)
    return proposal


def possible(proposal: DeleteProposal) -> tuple[str, ...]:
    """What can be done with it: approve, reject, undo. A decision whose job was cancelled or failed is open again."""
    if proposal.until < timezone.now():
        return ()
    acts = _POSSIBLE.get(proposal.state, ())
    if proposal.state == State.APPROVED or (proposal.state == State.UNDONE and proposal.revived is None):
        under_way = Job.objects.filter(kind="deletes", status__in=UNFINISHED)
        return () if under_way.filter(params__proposal=str(proposal.pk)).exists() else acts
    return () if proposal.state == State.UNDONE else acts


_POSSIBLE: dict[str, tuple[str, ...]] = {
    State.PROPOSED: ("approve", "reject"),
    State.APPROVED: ("approve", "reject"),
    State.APPLIED: ("undo",),
    State.UNDONE: ("undo",),
}


def expire() -> None:
    """End what nobody decided in time; forget the rows of what can be neither decided nor undone any more."""
    late = DeleteProposal.objects.filter(state=State.PROPOSED, until__lt=timezone.now())
    late.update(state=State.EXPIRED, reason="Nobody decided in time.")
    with connection.cursor() as cursor:
        cursor.execute(query("drop_old_keys"))


def _find(proposal_id: uuid.UUID, act: str) -> DeleteProposal:
    rows = DeleteProposal.objects.select_for_update(of=("self",)).select_related("entity")
    proposal = rows.filter(id=proposal_id).first()
    if proposal is None:
        raise NotFound(f"There is no delete proposal {proposal_id}.")
    if proposal.until < timezone.now():
        raise Conflict(f"Its days are over since {proposal.until:%Y-%m-%d %H:%M} UTC: too late to {act} it.")
    if act not in possible(proposal):
        raise Conflict(_why_not(proposal, act))
    return proposal


def _why_not(proposal: DeleteProposal, act: str) -> str:
    if act in _POSSIBLE.get(proposal.state, ()) and proposal.revived is None:
        return f"It is {proposal.state}, and its job is under way: cancel that one first."
    wanted, done = ("applied", "undone") if act == "undo" else ("proposed", f"{act}ed".replace("eed", "ed"))
    told = f" {proposal.reason}" if proposal.state == State.EXPIRED and proposal.reason else ""
    return f"It is {proposal.state}: only a proposal that is {wanted} can be {done}.{told}"


def _decide(proposal: DeleteProposal, state: str, by: Actor, reason: str | None) -> None:
    before = proposal.state
    proposal.state, proposal.reason = state, reason
    proposal.decided_by, proposal.decided_at = by.name, timezone.now()
    proposal.save(update_fields=["state", "reason", "decided_by", "decided_at"])
    audit.record(
        f"delete_proposal.{_ACTS[state]}",
        "delete_proposal",
        str(proposal.id),
        by=by,
        reason=reason,
        before={"state": before},
        after={"state": state, "count": proposal.count},
    )


_ACTS: dict[str, str] = {State.APPROVED: "approve", State.REJECTED: "reject", State.UNDONE: "undo"}


def _ask(act: str, proposal: DeleteProposal, by: Actor) -> Job:
    return enqueue(
        "deletes",
        entity=registry.find(proposal.entity.path),
        params={"act": act, "proposal": str(proposal.id)},
        priority=COMMAND,
        requested_by=by.name,
        request_id=by.request_id,
    ).job
