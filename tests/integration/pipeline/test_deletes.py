"""What a full read proves gone is deleted; what it does not prove is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from sync import records
from sync.declare import Deletes
from sync.models import Batch, Change, DeleteProposal, Job, JobEvent, RecordVersion
from sync.pipeline.proof import unproven
from sync.registry import registry
from tests.factories import now
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, run, run_waiting, sync
from tests.integration.pipeline.deleting import (
    GADGETS,
    found,
    full_read,
    have,
    live,
    live_rows,
    why_not,
)
from tests.shop import gadgets, system


@pytest.fixture
def declared() -> Iterator[Callable[[Deletes | None], None]]:
    """Declares the gadgets' deletes anew."""
    known = registry.systems

    def declare(wanted: Deletes | None) -> None:
        others = [entity for entity in system.entities if entity.name != "gadgets"]
        registry.fill([replace(system, entities=(*others, replace(gadgets, deletes=wanted)))])

    yield declare
    registry.fill(known)


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


def test_a_read_that_saw_everything_and_rows_that_fail_asks_for_no_deletes(far_end: FarEnd) -> None:
    have(far_end, *range(1, 21))
    sync(GADGETS)
    far_end.set("gadgets", *(gadget(number) for number in range(1, 21)), gadget(21, name="x" * 50))

    read = full_read()

    assert (read.result or {})["failed"] == 1
    assert not Job.objects.filter(kind="deletes").exists()


def test_a_newcomer_that_fails_hides_no_missing_one(far_end: FarEnd) -> None:
    have(far_end, *range(1, 21))
    sync(GADGETS)
    far_end.set("gadgets", *(gadget(number) for number in range(2, 21)), gadget(21, name="x" * 50))

    full_read()

    # A newcomer may have pushed the other to a page that was read: a second read, or a person, decides.
    assert DeleteProposal.objects.get().count == 1
    full_read()
    assert live() == set(range(2, 21))


def test_rows_that_came_twice_hide_no_missing_one_where_a_known_one_fails(
    far_end: FarEnd, page_by_page: None
) -> None:
    have(far_end, *range(1, 21))
    sync(GADGETS)
    rest = (gadget(number) for number in (*range(3, 21), 3, 4))  # as many as the mirror holds
    far_end.set("gadgets", gadget(2, name="x" * 50), *rest)

    read = full_read()

    assert found(1).deleted_at is None
    assert "21 rows came, but 19 different ones" in why_not(read)


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
