"""Rows that a person discarded: they stay so until the far end sends other bytes, or the mapping changes."""

from __future__ import annotations

import pytest
from django.db import connection

from sync import bulk, error_groups, failures, resync
from sync.audit import Actor
from sync.detained import detained
from sync.errors import Conflict
from sync.jobs.run import run_job
from sync.keys import key_hash
from sync.mapping import acts as mappings
from sync.members import Members
from sync.models import Batch, ErrorGroup, FailedRecord, PendingChild
from sync.orphans import TRIES
from sync.registry import registry
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, maker, run, run_waiting, sync
from tests.integration.pipeline.deleting import full_read, live, why_not

GADGETS = "shop.gadgets"
OPERATOR = Actor(name="olga", door="admin")
BAD = gadget(2, price="many")
UNREADABLE = {**gadget(2), "id": "seven"}


def discard_all() -> None:
    for failed in FailedRecord.objects.filter(state="open"):
        failures.discard(failed.id, by=OPERATOR)


def opened() -> int:
    return FailedRecord.objects.filter(state="open").count()


def adds_up(counts: dict[str, int]) -> bool:
    parts = ("inserted", "updated", "skipped", "failed", "pending")
    return counts["rows_fetched"] == sum(counts[name] for name in parts if name in counts)


def test_the_same_bytes_stay_discarded(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1), BAD)
    sync(GADGETS)
    discard_all()

    counts = sync(GADGETS, full=True)

    only = FailedRecord.objects.get()
    assert (only.state, only.times_seen) == ("discarded", 2)
    assert (counts["failed"], counts["discarded"], counts["skipped"]) == (0, 1, 2)
    assert adds_up(counts)
    assert Batch.objects.order_by("-id")[0].first_error is None
    assert not ErrorGroup.objects.exclude(state="closed").exists()


def test_a_row_without_a_readable_key_stays_discarded(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1), UNREADABLE, b"no json")
    sync(GADGETS)
    discard_all()

    counts = sync(GADGETS, full=True)

    assert (counts["failed"], counts["discarded"]) == (0, 2)
    assert opened() == 0


def test_other_bytes_fail_anew(far_end: FarEnd) -> None:
    far_end.set("gadgets", BAD)
    sync(GADGETS)
    discard_all()
    far_end.set("gadgets", gadget(2, price="more"))

    assert sync(GADGETS, full=True)["failed"] == 1
    assert opened() == 1


def test_another_mapping_lets_it_fail_anew(far_end: FarEnd) -> None:
    far_end.set("gadgets", BAD)
    sync(GADGETS)
    discard_all()
    rules = {"fields": {"name": {"source": "name", "clean": ["upper"]}}}
    mappings.activate(mappings.draft(registry.find(GADGETS), rules, by=OPERATOR).pk, by=OPERATOR)

    assert detained(registry.find(GADGETS), key_hash(registry.find(GADGETS), {"id": "2"})) is None
    assert sync(GADGETS, full=True)["failed"] == 1
    assert opened() == 1


def test_a_good_row_lands_though_an_older_one_was_discarded(far_end: FarEnd) -> None:
    far_end.set("gadgets", BAD)
    sync(GADGETS)
    discard_all()
    far_end.set("gadgets", gadget(2))

    assert sync(GADGETS, full=True)["inserted"] == 1


def test_the_source_going_back_to_it_closes_what_failed_in_between(far_end: FarEnd) -> None:
    far_end.set("gadgets", BAD)
    sync(GADGETS)
    discard_all()
    far_end.set("gadgets", gadget(2, price="more"))
    sync(GADGETS, full=True)
    far_end.set("gadgets", BAD)

    sync(GADGETS, full=True)

    assert sorted(FailedRecord.objects.values_list("state", flat=True)) == ["discarded", "superseded"]
    assert not ErrorGroup.objects.exclude(state="closed").exists()


def test_many_discarded_at_once_stay_so(far_end: FarEnd) -> None:
    far_end.set("gadgets", *(gadget(number, price="many") for number in range(1, 4)))
    sync(GADGETS)
    bulk.discard(Members(entity=GADGETS), by=OPERATOR)

    assert sync(GADGETS, full=True)["discarded"] == 3
    assert opened() == 0


def test_a_discarded_group_does_not_open_again(far_end: FarEnd) -> None:
    far_end.set("gadgets", BAD)
    sync(GADGETS)
    error_groups.discard(ErrorGroup.objects.get().pk, by=OPERATOR, reason="test rows")

    sync(GADGETS, full=True)

    assert ErrorGroup.objects.get().state == "closed"


def test_what_an_emptied_entity_forgot_fails_anew(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1), BAD)
    sync(GADGETS)
    far_end.set("")  # it answers when it is asked whether it does
    job = resync.start(registry.find(GADGETS), "empty", by=OPERATOR, confirm=GADGETS)
    run_job(job.pk, job.fence)

    run_waiting("sync")

    assert opened() == 1


def test_a_discard_that_was_taken_back_is_open_again(far_end: FarEnd) -> None:
    far_end.set("gadgets", BAD)
    sync(GADGETS)
    discard_all()

    reopened = failures.reopen(FailedRecord.objects.get().id, by=OPERATOR)

    assert (reopened.state, reopened.closed_by) == ("open", None)
    assert ErrorGroup.objects.get().state == "open"
    assert sync(GADGETS, full=True)["failed"] == 1
    assert FailedRecord.objects.count() == 1


def test_one_whose_values_are_gone_fails_anew_when_it_is_sent(far_end: FarEnd) -> None:
    far_end.set("gadgets", BAD)
    sync(GADGETS)
    discard_all()
    FailedRecord.objects.update(raw=b"")

    failures.reopen(FailedRecord.objects.get().id, by=OPERATOR)

    assert detained(registry.find(GADGETS), key_hash(registry.find(GADGETS), {"id": "2"})) is None
    assert sync(GADGETS, full=True)["failed"] == 1
    assert sorted(FailedRecord.objects.values_list("state", flat=True)) == ["discarded", "open"]


def test_one_whose_row_failed_again_since_cannot_be_taken_back(far_end: FarEnd) -> None:
    far_end.set("gadgets", BAD)
    sync(GADGETS)
    discard_all()
    first = FailedRecord.objects.get()
    far_end.set("gadgets", gadget(2, price="more"))
    sync(GADGETS, full=True)

    with pytest.raises(Conflict, match="failed again since"):
        failures.reopen(first.id, by=OPERATOR)


def test_a_discarded_row_is_no_proof_that_its_record_is_gone(far_end: FarEnd) -> None:
    good = [gadget(number) for number in range(1, 31)]
    far_end.set("gadgets", *good, gadget(50, price="many"))
    sync(GADGETS)
    discard_all()
    far_end.set("gadgets", *good[:-1], gadget(50, price="many"))

    full_read()  # as many rows come as there are records

    assert live() == set(range(1, 30))


def test_a_discarded_row_without_a_key_still_holds_deletes_back(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1), gadget(2))
    sync(GADGETS)
    far_end.set("gadgets", gadget(1), UNREADABLE)
    sync(GADGETS, full=True)
    discard_all()

    assert "key" in why_not(full_read())
    assert live() == {1, 2}


def test_a_row_asked_for_by_its_key_stays_discarded(far_end: FarEnd) -> None:
    gadgets = registry.find(GADGETS)
    far_end.set("gadgets", BAD)
    sync(GADGETS)
    discard_all()
    number = key_hash(gadgets, {"id": "2"})
    before = FailedRecord.objects.get().last_seen_at

    run("refresh", GADGETS, key={"id": "2"}, key_hash=str(number))

    found = detained(gadgets, number)
    assert opened() == 0
    assert found
    assert found.why == "discarded"
    assert found.seen_at > before


def test_a_refresh_that_brings_a_discarded_version_confirms_the_record(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(2))
    sync(GADGETS)
    far_end.set("gadgets", gadget(2, price="many", updated_at="2026-03-01T00:00:00Z"))
    sync(GADGETS)
    discard_all()
    number = key_hash(registry.find(GADGETS), {"id": "2"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT synced_at FROM record")
        before = cursor.fetchone()[0]

        run("refresh", GADGETS, key={"id": "2"}, key_hash=str(number))

        cursor.execute("SELECT synced_at FROM record")
        assert cursor.fetchone()[0] > before


def test_an_orphan_that_was_discarded_is_let_go(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, maker=9))

    def give_up() -> dict[str, int]:
        sync(GADGETS, full=True)
        due = {"tries": TRIES - 1, "next_try_at": "2026-01-01T00:00:00Z"}
        PendingChild.objects.update(**due)
        return dict(run("wake", GADGETS, **{"as": "child", "sweep": True}).result or {})

    assert give_up()["failed"] == 1
    assert opened() == 1
    discard_all()

    counts = give_up()

    assert (counts["failed"], counts["discarded"]) == (0, 1)
    assert FailedRecord.objects.get().times_seen == 2
    assert opened() == 0
    assert not PendingChild.objects.exists()
    far_end.set("makers", maker(9))
    sync("shop.makers")
    assert sync(GADGETS, full=True)["inserted"] == 1


def test_a_dry_run_counts_it_as_a_sync_does(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1), BAD)
    sync(GADGETS)
    discard_all()

    report = run("dry_run", GADGETS, full=True).result

    assert report
    assert (report["counts"]["failed"], report["counts"]["skipped"]) == (0, 2)
    assert report["faults"] == []
