"""One record, asked for by its key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sync import failures, records
from sync.audit import Actor
from sync.errors import TransientError
from sync.keys import key_hash
from sync.models import Change, FailedRecord, Job
from sync.registry import registry
from sync.sources import Page
from sync.sources.rest import Rest, RestClient
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, run, run_again, sync
from tests.shop import system

GADGETS, PARTS = "shop.gadgets", "shop.parts"
OLGA = Actor(name="olga", door="admin", request_id="r-1")


def refresh(path: str, number: int) -> Job:
    return run("refresh", path, key={"id": str(number)})


def stored(path: str, number: int) -> records.Found | None:
    return records.read(registry.find(path), {"id": str(number)})


def test_it_brings_a_record_that_was_not_here(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1))

    job = refresh(GADGETS, 1)

    assert job.status == Job.Status.SUCCESS
    assert stored(GADGETS, 1)
    assert [path for _, path, _ in far_end.asked] == ["/gadgets/1"]


def test_an_unchanged_record_becomes_fresher_and_nothing_else(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1))
    sync(GADGETS)
    before = stored(GADGETS, 1)

    refresh(GADGETS, 1)

    after = stored(GADGETS, 1)
    assert before
    assert after
    assert after.synced_at > before.synced_at
    assert (after.revision, after.changed_at) == (before.revision, before.changed_at)
    assert Change.objects.count() == 1


def test_it_does_not_make_the_others_fresher(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1), gadget(2))
    sync(GADGETS)
    fresh_to = records.tracker(registry.find(GADGETS)).fresh_to

    refresh(GADGETS, 1)

    assert records.tracker(registry.find(GADGETS)).fresh_to == fresh_to


def test_a_record_that_is_not_there_is_remembered_as_absent(far_end: FarEnd) -> None:
    job = refresh(GADGETS, 7)

    number = key_hash(registry.find(GADGETS), {"id": "7"})
    assert job.result == {"found": False}
    assert records.absent_since(registry.find(GADGETS), number)


def test_an_absent_record_that_comes_is_absent_no_longer(far_end: FarEnd) -> None:
    refresh(GADGETS, 7)
    far_end.set("gadgets", gadget(7))

    sync(GADGETS)

    number = key_hash(registry.find(GADGETS), {"id": "7"})
    assert records.absent_since(registry.find(GADGETS), number) is None


def test_a_bad_row_is_set_aside(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, price="many"))

    job = refresh(GADGETS, 1)

    assert (job.result or {})["failed"] == 1
    assert FailedRecord.objects.get().entity.path == GADGETS


def test_a_mended_record_does_not_fail_again(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, price="much"))
    sync(GADGETS)
    failed = FailedRecord.objects.get()
    failures.mend(failed.id, {"price": "5"}, by=OLGA)
    run_again(failures.retry(failed.id, by=OLGA))
    before = stored(GADGETS, 1)

    job = refresh(GADGETS, 1)

    after = stored(GADGETS, 1)
    assert before
    assert after
    assert after.synced_at > before.synced_at
    assert job.result
    assert (job.result["rows_fetched"], job.result["skipped"], job.result["failed"]) == (1, 1, 0)
    assert not FailedRecord.objects.filter(state=FailedRecord.State.OPEN).exists()


def test_the_far_ends_refusal_comes_through(far_end: FarEnd) -> None:
    far_end.refuse_with = (503, {"Retry-After": "7"}, b'{"error": "closed for lunch"}')

    with pytest.raises(TransientError, match="closed for lunch") as raised:
        refresh(GADGETS, 1)

    assert raised.value.retry_after == 7


def test_a_source_without_reads_by_key_reads_its_changes(far_end: FarEnd) -> None:
    far_end.set("notes", {"id": 1, "text": "one"}, {"id": 2, "text": "two"})

    refresh("shop.notes", 2)

    assert stored("shop.notes", 2)
    assert stored("shop.notes", 1)


def test_what_such_a_read_brings_as_a_bad_row_is_not_absent(far_end: FarEnd) -> None:
    far_end.set("notes", {"id": 5, "text": {"not": "a text"}})

    refresh("shop.notes", 5)

    notes = registry.find("shop.notes")
    assert FailedRecord.objects.count() == 1
    assert records.absent_since(notes, key_hash(notes, {"id": "5"})) is None


class Generous(RestClient):
    """Whatever key is asked for, it answers with the same record, as one that does not tell `a` from `A`."""

    def one(self, resource: Rest, key: Mapping[str, str]) -> Page:
        return Page(rows=[b'{"id": 1}'], asked_at=datetime.now(UTC), next=None)


def test_a_key_that_is_answered_with_another_ones_record_is_absent(committed: None) -> None:
    known = registry.systems
    registry.fill([replace(system, client=lambda: Generous("shop", "http://127.0.0.1:9"))])
    try:
        refresh(PARTS, 7)
    finally:
        registry.fill(known)

    parts = registry.find(PARTS)
    assert stored(PARTS, 1)
    assert records.absent_since(parts, key_hash(parts, {"id": "7"}))


def test_what_such_a_read_does_not_bring_is_absent(far_end: FarEnd) -> None:
    far_end.set("notes", {"id": 1, "text": "one"})

    refresh("shop.notes", 2)

    number = key_hash(registry.find("shop.notes"), {"id": "2"})
    assert records.absent_since(registry.find("shop.notes"), number)
