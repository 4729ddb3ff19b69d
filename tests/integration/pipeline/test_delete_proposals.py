"""Too many deletes are proposed to a person: approved, rejected, undone."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from sync import deletes
from sync.errors import Conflict, NotFound
from sync.events import words
from sync.models import AuditEntry, Change, DeleteProposal, Job, JobEvent
from tests.factories import now
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import run, run_again, sync
from tests.integration.pipeline.deleting import (
    GADGETS,
    OLGA,
    decide,
    found,
    full_read,
    have,
    live,
    live_rows,
    proposed,
)


def test_too_many_are_proposed_instead(far_end: FarEnd) -> None:
    proposal = proposed(far_end)

    assert (proposal.state, proposal.count, proposal.live_rows, proposal.share) == ("proposed", 30, 100, 0.3)
    assert set(proposal.sample) <= {str(number) for number in range(1, 31)}
    assert len(live()) == live_rows() == 100
    event = JobEvent.objects.get(job_id=proposal.job_id, name="deletes_proposed")
    assert words(event).startswith("30 of 100 records are gone")


def test_an_approved_proposal_deletes_its_rows_and_an_undo_brings_them_back(far_end: FarEnd) -> None:
    proposal = decide(deletes.approve, proposed(far_end))

    assert (proposal.state, proposal.deleted, proposal.decided_by) == ("applied", 30, "olga")
    assert live() == set(range(31, 101))
    assert live_rows() == 70

    decide(deletes.undo, proposal)

    assert (proposal.state, proposal.revived) == ("undone", 30)
    assert len(live()) == live_rows() == 100
    assert found(1).revision == 3
    assert [change.op for change in Change.objects.order_by("last_seq")][-2:] == ["d", "u"]
    acts = AuditEntry.objects.order_by("id").values_list("act", "actor", "reason")
    assert list(acts) == [
        ("delete_proposal.approve", "olga", "told so"),
        ("delete_proposal.undo", "olga", "told so"),
    ]


def test_what_was_undone_or_rejected_is_not_deleted_again_while_it_stays_away(far_end: FarEnd) -> None:
    decide(deletes.undo, decide(deletes.approve, proposed(far_end)))

    full_read()

    assert len(live()) == 100
    assert DeleteProposal.objects.count() == 1


def test_once_seen_again_it_may_go_again(far_end: FarEnd) -> None:
    proposal = decide(deletes.reject, proposed(far_end))
    have(far_end, *range(1, 101))
    full_read()
    have(far_end, *range(2, 101))

    full_read()

    assert proposal.state == "rejected"
    assert live() == set(range(2, 101))


def test_a_row_seen_since_is_spared_by_an_approval(far_end: FarEnd) -> None:
    proposal = proposed(far_end)
    have(far_end, 5)
    run("refresh", GADGETS, key={"id": "5"})  # the same bytes: nothing is written, yet it was seen

    decide(deletes.approve, proposal)

    assert proposal.deleted == 29
    assert found(5).deleted_at is None


def test_an_undo_leaves_what_came_back_by_itself_as_it_is(far_end: FarEnd) -> None:
    proposal = decide(deletes.approve, proposed(far_end))
    have(far_end, *range(1, 11), *range(31, 101))
    full_read()

    decide(deletes.undo, proposal)

    assert proposal.revived == 20
    assert (found(1).revision, found(11).revision) == (3, 3)
    assert len(live()) == live_rows() == 100


def test_a_small_delete_can_be_undone_too(far_end: FarEnd) -> None:
    have(far_end, *range(1, 21))
    sync(GADGETS)
    have(far_end, *range(2, 21))
    full_read()

    decide(deletes.undo, DeleteProposal.objects.get(state="applied"))

    assert (found(1).deleted_at, live_rows()) == (None, 20)


def test_a_later_read_brings_the_open_proposal_up_to_date(far_end: FarEnd) -> None:
    proposal = proposed(far_end)
    have(far_end, *range(21, 101))
    full_read()

    assert DeleteProposal.objects.get().id == proposal.id
    assert DeleteProposal.objects.get().count == 20

    have(far_end, *range(1, 101))
    full_read()

    assert DeleteProposal.objects.get().state == "expired"


def test_what_was_decided_cannot_be_decided_again(far_end: FarEnd) -> None:
    proposal = decide(deletes.reject, proposed(far_end))

    for act in (deletes.approve, deletes.reject, deletes.undo):
        with pytest.raises(Conflict):
            act(proposal.id, by=OLGA)
    with pytest.raises(NotFound):
        deletes.approve(uuid.uuid4(), by=OLGA)


def test_its_days_end(far_end: FarEnd) -> None:
    proposal = proposed(far_end)
    DeleteProposal.objects.update(until=now() - timedelta(seconds=1))
    with pytest.raises(Conflict):
        deletes.approve(proposal.id, by=OLGA)

    deletes.expire()

    proposal.refresh_from_db()
    assert proposal.state == "expired"


def test_a_deletes_job_that_is_run_twice_does_its_work_once(far_end: FarEnd) -> None:
    proposal = proposed(far_end)
    deletes.approve(proposal.id, by=OLGA)
    job = Job.objects.get(kind="deletes", status="pending")
    run_again(job)
    Job.objects.filter(pk=job.pk).update(status="pending")

    run_again(job)

    assert live_rows() == 70
    assert Change.objects.filter(op="d").count() == 1
