"""Deletes that a careless comparison would make: of rows that the far end still has."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from django.db import connection, connections, transaction

from sync import deletes
from sync.declare import Deletes, Entity
from sync.errors import Conflict
from sync.jobs.enqueue import enqueue
from sync.jobs.take import take
from sync.mapping import acts as mappings
from sync.models import Batch, DeleteProposal, Job
from sync.pipeline.applying import apply
from sync.registry import registry
from sync.sources.paging import Offset
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, maker, run, run_again, run_waiting, sync
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
    why_not,
)
from tests.shop import gadgets, system


@pytest.fixture
def declared() -> Iterator[Callable[[Entity], None]]:
    """Declares the gadgets anew."""
    known = registry.systems

    def declare(wanted: Entity) -> None:
        others = [entity for entity in system.entities if entity.name != "gadgets"]
        registry.fill([replace(system, entities=(*others, wanted))])

    yield declare
    registry.fill(known)


def elsewhere(act: Callable[[], object]) -> None:
    """Do it on a connection of its own, and wait for it."""

    def done() -> None:
        try:
            act()
        finally:
            connections.close_all()

    thread = threading.Thread(target=done)
    thread.start()
    thread.join()


def approve_now(proposal: DeleteProposal) -> None:
    deletes.approve(proposal.id, by=OLGA)
    run_waiting("deletes")


def test_a_row_that_moves_while_pages_are_read_lets_another_slip_through(far_end: FarEnd) -> None:
    have(far_end, *range(1, 41))
    sync(GADGETS)
    have(far_end, *range(1, 40))

    def move(params: dict[str, str]) -> None:
        if params["offset"] == "10":  # row 1 goes to the end, so row 11 is on no page
            far_end.set("gadgets", *(gadget(n) for n in range(2, 40)), gadget(1, name="Moved"))

    far_end.on_page = move
    read = full_read()

    assert found(11).deleted_at is None
    assert "Rows changed while it was read (1)" in why_not(read)


def test_a_row_that_moves_and_is_refreshed_in_between_is_seen_through_too(
    far_end: FarEnd, page_by_page: None
) -> None:
    have(far_end, *range(1, 41))
    sync(GADGETS)
    have(far_end, *range(1, 40))

    def move(params: dict[str, str]) -> None:
        if params.get("offset") == "10":
            far_end.set("gadgets", *(gadget(n) for n in range(2, 40)), gadget(1, name="Moved"))
            elsewhere(lambda: run("refresh", GADGETS, key={"id": "1"}))

    far_end.on_page = move
    read = full_read()

    assert found(11).deleted_at is None
    assert "Rows changed while it was read (1)" in why_not(read)


def test_a_row_that_is_refreshed_after_it_was_read_hinders_nothing(far_end: FarEnd) -> None:
    have(far_end, *range(1, 41))
    sync(GADGETS)
    have(far_end, *range(1, 40))
    run("sync", GADGETS, full=True)
    far_end.set("gadgets", gadget(5, name="Changed"))

    run("refresh", GADGETS, key={"id": "5"})
    run_waiting("deletes")

    assert live() == set(range(1, 40))


def test_a_remap_between_the_read_and_its_comparison_makes_no_row_missing(far_end: FarEnd) -> None:
    have(far_end, *range(1, 41))
    sync(GADGETS)
    have(far_end, *range(1, 40))
    read = run("sync", GADGETS, full=True)
    draft = mappings.draft(registry.find(GADGETS), {"fields": {"note": {"source": "remark"}}}, by=OLGA)
    mappings.activate(draft.pk, by=OLGA)
    run_again(enqueue("remap", entity=registry.find(GADGETS), requested_by="test").job)

    run_waiting("deletes")

    assert not DeleteProposal.objects.exists()
    assert len(live()) == 40
    assert "mapping changed since it began" in why_not(read)


def test_a_remap_is_no_word_of_the_far_end(far_end: FarEnd) -> None:
    proposal = proposed(far_end)
    draft = mappings.draft(registry.find(GADGETS), {"fields": {"note": {"source": "remark"}}}, by=OLGA)
    mappings.activate(draft.pk, by=OLGA)
    run_again(enqueue("remap", entity=registry.find(GADGETS), requested_by="test").job)

    decide(deletes.approve, proposal)

    assert proposal.deleted == 30


def test_rows_that_come_back_while_their_delete_is_approved_stay(far_end: FarEnd) -> None:
    proposal = proposed(far_end)
    have(far_end, *range(1, 101))

    def approve(params: dict[str, str]) -> None:
        if params["offset"] == "0":  # the read has its memo of live records by now
            elsewhere(lambda: approve_now(proposal))

    far_end.on_page = approve
    full_read()

    assert len(live()) == live_rows() == 100
    assert found(1).revision == 3


def test_a_read_waits_for_a_delete_under_way_and_takes_nothing_from_its_undo(far_end: FarEnd) -> None:
    proposal = proposed(far_end)
    deletes.approve(proposal.id, by=OLGA)
    job = Job.objects.get(kind="deletes", status="pending")
    claim = take(job.id, job.fence, "test")
    assert claim is not None
    have(far_end, *range(1, 101))
    reading = threading.Thread(target=lambda: elsewhere(lambda: run("sync", GADGETS, full=True)))

    with transaction.atomic(), connection.cursor() as cursor:
        claim.hold()
        claim.finish(apply(cursor, claim))
        reading.start()
        until_somebody_waits_for_a_lock()
    reading.join()

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM delete_key WHERE revision IS NOT NULL")
        assert cursor.fetchone() == (30,)
    run_waiting("deletes")
    assert len(live()) == live_rows() == 100


def until_somebody_waits_for_a_lock() -> None:
    deadline = time.monotonic() + 30
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            row = cursor.fetchone()
            if row and row[0]:
                return
            time.sleep(0.02)
    raise AssertionError("nobody waited for a lock")


def test_a_far_end_without_a_total_gets_every_delete_proposed(
    far_end: FarEnd, declared: Callable[[Entity], None]
) -> None:
    untold = replace(gadgets, source=replace(gadgets.source, paging=Offset()))
    declared(untold)
    have(far_end, *range(1, 21))
    sync(GADGETS)
    have(far_end, *range(1, 20))

    full_read()

    proposal = DeleteProposal.objects.get()
    assert (proposal.state, proposal.count) == ("proposed", 1)
    assert "does not say how many rows it has" in (proposal.reason or "")

    declared(replace(untold, deletes=Deletes(needs_total=False)))
    full_read()

    assert live() == set(range(1, 20))


def test_what_a_person_looks_at_does_not_grow_under_their_hands(far_end: FarEnd) -> None:
    before = proposed(far_end)
    have(far_end, *range(91, 101))
    full_read()

    with pytest.raises(Conflict, match="found other rows missing"):
        deletes.approve(before.id, by=OLGA)
    newer = DeleteProposal.objects.get(state="proposed")
    assert (newer.count, newer.id == before.id) == (90, False)
    assert len(live()) == 100


def test_an_undo_wakes_the_children_that_came_meanwhile(far_end: FarEnd) -> None:
    far_end.set("makers", *(maker(number) for number in range(1, 11)))
    sync("shop.makers")
    far_end.set("makers", *(maker(number) for number in range(2, 11)))
    run("sync", "shop.makers", full=True)
    run_waiting("deletes")
    far_end.set("gadgets", gadget(1, maker=1))
    sync(GADGETS)
    run_waiting("wake")

    decide(deletes.undo, DeleteProposal.objects.get(state="applied"))
    run_waiting("wake")

    assert found(1).deleted_at is None


def test_a_decision_whose_job_was_cancelled_can_be_made_again(far_end: FarEnd) -> None:
    proposal = proposed(far_end)
    deletes.approve(proposal.id, by=OLGA)
    with pytest.raises(Conflict, match="its job is under way"):
        deletes.approve(proposal.id, by=OLGA)
    Job.objects.filter(kind="deletes", status="pending").update(status="cancelled")

    decide(deletes.approve, proposal)

    assert (proposal.state, len(live())) == ("applied", 70)


def test_keys_of_an_undo_that_has_yet_to_run_are_kept(far_end: FarEnd) -> None:
    proposal = decide(deletes.approve, proposed(far_end))
    deletes.undo(proposal.id, by=OLGA)
    DeleteProposal.objects.update(until=proposal.read_began_at)

    deletes.expire()
    run_waiting("deletes")

    assert len(live()) == 100


def test_what_a_read_saw_is_kept_no_longer_than_it_is_needed(far_end: FarEnd) -> None:
    have(far_end, *range(1, 21))
    sync(GADGETS)
    full_read()
    have(far_end, *range(1, 20))
    full_read()
    have(far_end, *range(1, 19), 1)
    full_read()

    assert not Batch.objects.filter(seen__isnull=False).exists()


def test_a_comparison_puts_the_number_of_records_right(far_end: FarEnd) -> None:
    have(far_end, *range(1, 21))
    sync(GADGETS)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tracker SET live_rows = live_rows + 3 WHERE live_rows = 20")

    full_read()

    assert live_rows() == 20
