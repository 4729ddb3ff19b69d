"""Reading an entity anew: what a preview tells, and what is left when it was emptied first."""

from __future__ import annotations

import pytest

from sync import deletes, failures, lookup, records, resync
from sync.audit import Actor
from sync.errors import Conflict, InvalidRequest
from sync.freshness import State, judge
from sync.jobs.run import run_job
from sync.keys import key_hash
from sync.models import AuditEntry, Change, DeleteProposal, FailedRecord, Job, PendingChild, RecordVersion
from sync.registry import registry
from tests import factories
from tests.factories import now
from tests.farend import FarEnd
from tests.integration.pipeline.backfilling import at_once
from tests.integration.pipeline.conftest import gadget, maker, run_again, run_waiting, sync
from tests.integration.pipeline.deleting import GADGETS, found, have, live, live_rows

OLGA = Actor("olga", "admin", "r-1")
ENTITY = registry.find(GADGETS)


@pytest.fixture(autouse=True)
def answering(far_end: FarEnd) -> None:
    """The far end answers when it is asked whether it does."""
    far_end.set("")


def empty(reason: str | None = None) -> Job:
    """Start over, up to the sync that follows."""
    job = resync.start(ENTITY, "empty", by=OLGA, confirm=GADGETS, reason=reason)
    run_job(job.pk, job.fence)
    job.refresh_from_db()
    assert job.status == "success"
    return job


def state(number: int) -> State:
    key = {"id": str(number)}
    return judge(lookup.look_up(ENTITY, key_hash(ENTITY, key)), ENTITY.entity.freshness, now()).state


def test_a_preview_counts_what_is_touched(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1), gadget(2, price="much"), gadget(3, maker=9))
    sync(GADGETS)
    failures.mend(FailedRecord.objects.get().id, {"price": "5"}, by=OLGA)
    run_again(failures.retry(FailedRecord.objects.get().id, by=OLGA))
    far_end.set("gadgets", gadget(4, price="a lot", updated_at="2026-02-01T00:00:00Z"))
    sync(GADGETS)
    factories.delete_proposal()
    factories.backfill()

    told = resync.preview(ENTITY, "empty").told()

    assert told == {
        "entity": GADGETS,
        "mode": "empty",
        "records": 2,
        "failed_records": 1,
        "mended_records": 1,
        "pending_children": 1,
        "proposals": 1,
        "children": ({"entity": "shop.parts", "records": 0},),
        "targets": {},
        "undo_hours": None,
        "jobs": Job.objects.filter(entity__path=GADGETS, status="pending").count(),
        "backfills": 1,
        "far_end": None,
    }
    assert not AuditEntry.objects.filter(act="entity.resync").exists()


def test_keep_is_a_full_sync(far_end: FarEnd) -> None:
    job = resync.start(ENTITY, "keep", by=OLGA, reason="new columns")

    assert (job.kind, job.params) == ("sync", {"full": True})
    assert AuditEntry.objects.get(act="entity.resync").reason == "new columns"


def test_emptied_records_are_live_again_when_they_are_read(far_end: FarEnd) -> None:
    have(far_end, *range(1, 21))
    sync(GADGETS)

    assert (empty().result or {})["deleted"] == 20
    assert (live(), live_rows()) == (set(), 0)
    have(far_end, *range(3, 21))
    run_waiting("sync")
    run_waiting("deletes")

    assert live() == set(range(3, 21))
    assert live_rows() == 18
    assert (found(5).revision, found(1).revision) == (3, 2)
    assert RecordVersion.objects.count() == 20 + 18


def test_the_feed_tells_that_they_went_and_came(far_end: FarEnd) -> None:
    have(far_end, 1, 2)
    sync(GADGETS)

    empty()
    run_waiting("sync")

    changes = Change.objects.order_by("last_seq").values_list("op", "first_seq", "last_seq")
    assert list(changes) == [("i", 1, 2), ("d", 3, 4), ("u", 5, 6)]


def test_until_it_is_read_a_record_is_not_known_and_then_deleted(far_end: FarEnd) -> None:
    have(far_end, 1, 2)
    sync(GADGETS)
    assert state(1) == State.FRESH

    empty()
    assert state(1) == State.UNKNOWN
    have(far_end, 2)
    run_waiting("sync")

    assert (state(1), state(2)) == (State.DELETED, State.FRESH)


def test_the_memo_and_the_watermark_are_forgotten(far_end: FarEnd) -> None:
    have(far_end, 1, 2)
    sync(GADGETS)

    empty()
    before = records.tracker(ENTITY).watermark
    (read,) = run_waiting("sync")

    assert before is None
    assert (read.result or {})["updated"] == 2
    assert records.tracker(ENTITY).watermark is not None


def test_failures_and_waiting_rows_come_again_if_they_are_still_there(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, price="much"), gadget(2, maker=9))
    sync(GADGETS)
    proposal = factories.delete_proposal()

    empty()
    assert FailedRecord.objects.get().state == "discarded"
    assert not PendingChild.objects.exists()
    proposal.refresh_from_db()
    assert proposal.state == "expired"
    run_waiting("sync")

    assert FailedRecord.objects.filter(state="open").count() == 1
    assert PendingChild.objects.count() == 1


def test_it_can_be_undone(far_end: FarEnd) -> None:
    have(far_end, 1, 2, 3)
    sync(GADGETS)
    empty(reason="wrong system")
    proposal = DeleteProposal.objects.get()
    assert (proposal.count, proposal.sample, proposal.decided_by) == (3, ["1", "2", "3"], "olga") or sorted(
        proposal.sample
    ) == ["1", "2", "3"]

    deletes.undo(proposal.id, by=OLGA)
    run_waiting("deletes")

    assert live() == {1, 2, 3}


def test_children_stay_and_new_ones_wait(far_end: FarEnd) -> None:
    makers = registry.find("shop.makers")
    far_end.set("gadgets", gadget(1, maker=1))
    sync("shop.makers")
    sync(GADGETS)

    job = resync.start(makers, "empty", by=OLGA, confirm="shop.makers")
    run_job(job.pk, job.fence)
    far_end.set("gadgets", gadget(1, maker=1), gadget(2, maker=2, updated_at="2026-02-01T00:00:00Z"))
    sync(GADGETS)
    assert (live(), PendingChild.objects.count()) == ({1}, 1)
    far_end.set("makers", maker(1), maker(2))
    run_waiting("sync")
    run_waiting("wake")

    assert live() == {1, 2}


def test_the_sync_that_follows_joins_none_that_is_under_way(far_end: FarEnd) -> None:
    have(far_end, 1)
    sync(GADGETS)
    with at_once(3):
        waiting = resync.start(ENTITY, "keep", by=OLGA)

        following = (empty().result or {})["sync"]

    jobs = Job.objects.filter(kind="sync", status="pending").order_by("id")
    assert [str(job.pk) for job in jobs] == [str(waiting.pk), following]
    assert [job.params for job in jobs] == [{"full": True}] * 2


def test_emptying_is_confirmed_with_the_entitys_path(far_end: FarEnd) -> None:
    for confirm in (None, "", "gadgets", "shop.makers"):
        with pytest.raises(InvalidRequest) as caught:
            resync.start(ENTITY, "empty", by=OLGA, confirm=confirm)
        assert caught.value.code == "confirmation_missing"
    with pytest.raises(InvalidRequest) as caught:
        resync.start(ENTITY, "burn", by=OLGA)
    assert caught.value.code == "bad_mode"


def test_nothing_is_emptied_that_cannot_be_read_when_the_job_runs(far_end: FarEnd) -> None:
    have(far_end, 1, 2)
    sync(GADGETS)
    job = resync.start(ENTITY, "empty", by=OLGA, confirm=GADGETS)
    far_end.refuse_with = (500, {}, b"{}")

    assert run_job(job.pk, job.fence) == "retry"

    assert live() == {1, 2}


def test_nothing_is_emptied_while_the_far_end_is_away(far_end: FarEnd) -> None:
    far_end.refuse_with = (500, {}, b"{}")

    with pytest.raises(Conflict, match="500") as caught:
        resync.start(ENTITY, "empty", by=OLGA, confirm=GADGETS)

    assert caught.value.code == "far_end_away"
    assert "500" in str(resync.preview(ENTITY, "empty").far_end)
