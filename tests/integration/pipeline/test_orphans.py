"""Children whose parent does not come: tried again, then failed records; parents that are fetched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from sync import failures, freshness, orphans, records
from sync.audit import Actor
from sync.declare import Parent
from sync.models import FailedRecord, Job, PendingChild
from sync.registry import registry
from tests.factories import now
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, maker, run_waiting, sync
from tests.shop import gadgets, system

GADGETS, MAKERS = "shop.gadgets", "shop.makers"


@pytest.fixture
def fetching() -> Iterator[None]:
    """Gadgets that ask for their missing maker."""
    known = registry.systems
    others = [entity for entity in system.entities if entity.name != "gadgets"]
    parents = (Parent(entity="makers", by={"maker": "id"}, fetch=True),)
    registry.fill([replace(system, entities=(*others, replace(gadgets, parents=parents)))])
    freshness.forget_requests()
    yield
    registry.fill(known)


def swept() -> list[Job]:
    """A sweep when every waiting row is due, and what it asked for."""
    PendingChild.objects.update(next_try_at=now() - timedelta(seconds=1))
    orphans.sweep()
    return run_waiting("wake")


def orphan(far_end: FarEnd) -> PendingChild:
    far_end.set("gadgets", gadget(1, maker=9))
    sync(GADGETS)
    run_waiting("wake")
    return PendingChild.objects.get()


def is_there() -> bool:
    return records.read(registry.find(GADGETS), {"id": "1"}) is not None


def test_what_is_not_due_is_left_alone(far_end: FarEnd) -> None:
    orphan(far_end)

    orphans.sweep()

    assert not Job.objects.filter(kind="wake", status="pending").exists()
    assert PendingChild.objects.get().tries == 0


def test_each_wait_is_twice_the_one_before(far_end: FarEnd) -> None:
    child = orphan(far_end)
    waits = [child.next_try_at - child.created_at]

    for tries in (1, 2, 3, 4):
        swept()
        child.refresh_from_db()
        assert child.tries == tries
        waits.append(child.next_try_at - now())

    assert [round(wait.total_seconds() / 60) for wait in waits] == [5, 10, 20, 40, 80]


def test_two_sweeps_ask_once(far_end: FarEnd) -> None:
    orphan(far_end)
    PendingChild.objects.update(next_try_at=now() - timedelta(seconds=1))

    orphans.sweep()
    orphans.sweep()

    assert Job.objects.filter(kind="wake", status="pending").count() == 1


def test_after_five_tries_it_is_a_failed_record(far_end: FarEnd) -> None:
    orphan(far_end)

    for _ in range(5):
        jobs = swept()

    failed = FailedRecord.objects.get()
    assert not PendingChild.objects.exists()
    assert (failed.stage, failed.code, failed.field) == ("resolve", "parent_missing", "maker")
    assert "shop.makers 9" in failed.message
    assert bytes(failed.raw) == far_end.rows["gadgets"][0]
    assert (jobs[0].result or {})["failed"] == 1


def test_it_lands_when_the_parent_came_and_somebody_retries(far_end: FarEnd) -> None:
    orphan(far_end)
    for _ in range(5):
        swept()
    far_end.set("makers", maker(9))
    sync(MAKERS)

    failures.retry(FailedRecord.objects.get().id, by=Actor("olga", "admin"))
    run_waiting("replay")

    assert is_there()
    assert FailedRecord.objects.get().state == "fixed"


def test_it_lands_when_the_parent_came_and_the_source_repeats(far_end: FarEnd) -> None:
    orphan(far_end)
    for _ in range(5):
        swept()
    far_end.set("makers", maker(9))
    sync(MAKERS)

    sync(GADGETS, full=True)

    assert is_there()
    assert FailedRecord.objects.get().state == "superseded"


def test_a_sweep_lands_a_child_whose_wake_was_lost(far_end: FarEnd) -> None:
    orphan(far_end)
    far_end.set("makers", maker(9))
    sync(MAKERS)
    Job.objects.filter(kind="wake", status="pending").delete()

    swept()

    assert is_there()
    assert not PendingChild.objects.exists()


def test_a_missing_parent_is_fetched_once(far_end: FarEnd, fetching: None) -> None:
    far_end.set("makers", maker(9))
    far_end.set("gadgets", gadget(1, maker=9), gadget(2, maker=9))
    sync(GADGETS)

    run_waiting("wake")

    (job,) = run_waiting("refresh")
    assert job.params["key"] == {"id": "9"}
    run_waiting("wake")
    assert is_there()
    assert not PendingChild.objects.exists()


def test_a_parent_that_the_far_end_lacks_is_not_fetched_again_at_once(
    far_end: FarEnd, fetching: None
) -> None:
    orphan(far_end)
    run_waiting("refresh")
    freshness.forget_requests()

    swept()

    assert not Job.objects.filter(kind="refresh", status="pending").exists()


def test_waiting_for_another_parent_begins_anew(far_end: FarEnd) -> None:
    child = orphan(far_end)
    swept()
    swept()
    far_end.set("gadgets", gadget(1, maker=8, updated_at="2026-02-01T00:00:00Z"))

    sync(GADGETS)

    child.refresh_from_db()
    assert child.tries == 0
    assert child.next_try_at - now() < orphans.FIRST_WAIT


def test_parents_whose_refresh_fails_do_not_stand_in_the_way(
    far_end: FarEnd, fetching: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "MOST_FETCHED", 1)
    far_end.set("gadgets", gadget(1, maker=8), gadget(2, maker=9))
    sync(GADGETS)
    asked: set[str] = set()

    for _ in range(100):
        freshness.forget_requests()
        orphans.fetch_parents(registry.find(GADGETS))
        refreshes = Job.objects.filter(kind="refresh")
        asked |= {job.params["key"]["id"] for job in refreshes}
        refreshes.delete()
        if len(asked) == 2:
            break

    assert asked == {"8", "9"}
