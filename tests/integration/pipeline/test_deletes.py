"""What a full read proves gone is deleted; what it does not prove is not, and too much is proposed to a person."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from sync import deletes, records
from sync.audit import Actor
from sync.declare import Deletes
from sync.errors import Conflict, NotFound
from sync.events import words
from sync.models import AuditEntry, Batch, Change, DeleteProposal, Job, JobEvent, RecordVersion
from sync.registry import registry
from tests.factories import now
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, run, run_again, run_waiting, sync
from tests.shop import gadgets, system

GADGETS = "shop.gadgets"
OLGA = Actor("olga", "admin")


@pytest.fixture
def declared() -> Iterator[Callable[[Deletes | None], None]]:
    """Declares the gadgets' deletes anew."""
    known = registry.systems

    def declare(wanted: Deletes | None) -> None:
        others = [entity for entity in system.entities if entity.name != "gadgets"]
        registry.fill([replace(system, entities=(*others, replace(gadgets, deletes=wanted)))])

    yield declare
    registry.fill(known)


def have(far_end: FarEnd, *numbers: int) -> None:
    far_end.set("gadgets", *(gadget(number) for number in numbers))


def full_read() -> Job:
    """A full read and the jobs that follow it."""
    job = run("sync", GADGETS, full=True)
    run_waiting("deletes")
    return job


def found(number: int) -> records.Found:
    record = records.read(registry.find(GADGETS), {"id": str(number)})
    assert record is not None
    return record


def live() -> set[int]:
    return {number for number in range(1, 101) if _is_live(number)}


def _is_live(number: int) -> bool:
    record = records.read(registry.find(GADGETS), {"id": str(number)})
    return record is not None and record.deleted_at is None


def live_rows() -> int:
    return records.tracker(registry.find(GADGETS)).live_rows


def why_not(job: Job) -> str:
    """What the read's log says of its deletes."""
    return words(JobEvent.objects.get(job_id=job.id, name="deletes_unproven"))


def proposed(far_end: FarEnd, lost: int = 30) -> DeleteProposal:
    """The proposal that follows when the far end lost so many of 100."""
    have(far_end, *range(1, 101))
    sync(GADGETS)
    have(far_end, *range(lost + 1, 101))
    full_read()
    return DeleteProposal.objects.get()


def decide(act: Callable[..., DeleteProposal], proposal: DeleteProposal) -> DeleteProposal:
    """Do it, and the job that follows."""
    act(proposal.id, by=OLGA, reason="told so")
    run_waiting("deletes")
    proposal.refresh_from_db()
    return proposal


def test_a_record_that_a_full_read_did_not_see_is_deleted(far_end: FarEnd) -> None:
    have(far_end, *range(1, 21))
    sync(GADGETS)
    before = found(7)
    have(far_end, *(number for number in range(1, 21) if number != 7))

    read = full_read()

    gone = found(7)
    assert gone.deleted_at is not None
    assert (gone.revision, gone.changed_at > before.changed_at) == (2, True)
    assert live_rows() == len(live()) == 19
    assert Job.objects.get(kind="deletes").result == {"deleted": 1}
    assert Batch.objects.latest("id").counts == {"deleted": 1}
    assert gone.synced_at == DeleteProposal.objects.get().read_began_at < (read.finished_at or now())


def test_the_feed_and_the_history_tell_of_it(far_end: FarEnd) -> None:
    have(far_end, *range(1, 21))
    sync(GADGETS)
    have(far_end, *range(3, 21))

    full_read()

    change = Change.objects.latest("last_seq")
    assert (change.op, change.first_seq, change.last_seq, change.revisions) == ("d", 21, 22, [2, 2])
    assert set(change.keys) == {found(1).key_hash, found(2).key_hash}
    assert {(v.key_hash, v.revision, v.deleted) for v in RecordVersion.objects.all()} == {
        (key, 1, False) for key in change.keys
    }


def test_an_incremental_read_deletes_nothing(far_end: FarEnd) -> None:
    have(far_end, *range(1, 21))
    sync(GADGETS)
    have(far_end, *range(2, 21))

    sync(GADGETS)

    assert not Job.objects.filter(kind="deletes").exists()
    assert found(1).deleted_at is None


def test_every_read_of_an_entity_without_cursor_is_a_full_one(far_end: FarEnd) -> None:
    far_end.set("parts", *({"id": number} for number in range(1, 21)))
    sync("shop.parts")
    far_end.set("parts", *({"id": number} for number in range(2, 21)))

    sync("shop.parts")
    run_waiting("deletes")

    assert records.tracker(registry.find("shop.parts")).live_rows == 19


def test_a_read_that_saw_everything_asks_for_no_deletes(far_end: FarEnd) -> None:
    have(far_end, *range(1, 21))
    sync(GADGETS)

    full_read()

    assert not Job.objects.filter(kind="deletes").exists()


def test_a_far_end_that_loses_half_its_pages_deletes_nothing(far_end: FarEnd) -> None:
    have(far_end, *range(1, 41))
    sync(GADGETS)

    def lose(params: dict[str, str]) -> None:
        if params["offset"] == "10":
            have(far_end, *range(1, 21))

    far_end.on_page = lose
    read = full_read()

    assert len(live()) == 40
    assert "said that it has 40 rows, and while it was read 20" in why_not(read)


def test_a_total_that_disagrees_deletes_nothing(far_end: FarEnd) -> None:
    have(far_end, *range(1, 21))
    sync(GADGETS)
    have(far_end, *range(2, 21))
    read = run("sync", GADGETS, full=True)
    Job.objects.filter(kind="deletes").delete()
    row = Batch.objects.get(job_id=read.id)
    row.resume["totals"] = [20]

    from sync.pipeline.proof import unproven

    assert unproven([(row.resume, row.counts)]) == "The far end says that it has 20 rows, and 19 came."
    assert unproven([({**row.resume, "first": 2}, row.counts)]) == "Page 1 was not read."
    assert unproven([({**row.resume, "next": {"offset": 9}}, row.counts)]) == "Its last page was not reached."


def test_a_failed_row_without_a_key_lets_nothing_be_deleted(far_end: FarEnd) -> None:
    have(far_end, *range(1, 21))
    sync(GADGETS)
    far_end.set("gadgets", *(gadget(number) for number in range(2, 21)), b'{"id": "?", "name": "Lamp"}')

    read = full_read()

    assert found(1).deleted_at is None
    assert "1 failed rows have no key" in why_not(read)


def test_a_failed_row_with_a_key_is_there_and_lets_others_be_deleted(far_end: FarEnd) -> None:
    have(far_end, *range(1, 21))
    sync(GADGETS)
    far_end.set("gadgets", gadget(2, name="x" * 50), *(gadget(number) for number in range(3, 21)))

    full_read()

    assert live() == set(range(2, 21))


def test_a_row_that_came_twice_hides_another_so_nothing_is_deleted(
    far_end: FarEnd, page_by_page: None
) -> None:
    have(far_end, *range(1, 21))
    sync(GADGETS)
    have(far_end, *range(1, 20), 1, 2)

    read = full_read()

    assert found(20).deleted_at is None
    assert "21 rows came, but 19 different ones" in why_not(read)


def test_a_record_younger_than_the_read_is_not_deleted(far_end: FarEnd) -> None:
    have(far_end, *range(1, 21))
    sync(GADGETS)
    have(far_end, *range(1, 20))
    run("sync", GADGETS, full=True)
    far_end.set("gadgets", gadget(20, name="Again"))

    run("refresh", GADGETS, key={"id": "20"})
    run_waiting("deletes")

    assert found(20).deleted_at is None


def test_a_read_is_not_judged_once_a_later_one_has_begun(far_end: FarEnd) -> None:
    have(far_end, *range(1, 21))
    sync(GADGETS)
    have(far_end, *range(2, 21))
    run("sync", GADGETS, full=True)
    have(far_end, *range(1, 21))
    run("sync", GADGETS, full=True)

    run_waiting("deletes")

    assert found(1).deleted_at is None


def test_a_deleted_record_revives_when_it_comes_again(far_end: FarEnd) -> None:
    have(far_end, *range(1, 21))
    sync(GADGETS)
    have(far_end, *range(2, 21))
    full_read()
    have(far_end, *range(1, 21))

    full_read()

    assert (found(1).deleted_at, found(1).revision, live_rows()) == (None, 3, 20)


def test_an_entity_may_keep_everything(far_end: FarEnd, declared: Callable[[Deletes | None], None]) -> None:
    declared(None)
    have(far_end, *range(1, 21))
    sync(GADGETS)
    have(far_end, *range(2, 21))

    full_read()

    assert found(1).deleted_at is None
    assert not JobEvent.objects.filter(name="deletes_unproven").exists()


@pytest.mark.parametrize("limits", [Deletes(share=0.04), Deletes(rows=0)])
def test_the_threshold_is_the_entitys(
    far_end: FarEnd, declared: Callable[[Deletes | None], None], limits: Deletes
) -> None:
    declared(limits)
    have(far_end, *range(1, 21))
    sync(GADGETS)
    have(far_end, *range(2, 21))

    full_read()

    assert found(1).deleted_at is None
    assert DeleteProposal.objects.get().state == "proposed"


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
    have(far_end, *range(41, 101))
    full_read()

    assert DeleteProposal.objects.get().id == proposal.id
    assert DeleteProposal.objects.get().count == 40

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
