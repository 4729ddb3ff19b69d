"""Children wait for their parents, and come as soon as these have."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Iterator

import pytest
from django.db import connection

from sync import records, schema
from sync.models import FailedRecord, Job, PendingChild, Tracker
from sync.registry import registry
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, maker, run, run_waiting, sync

GADGETS, MAKERS, PARTS = "shop.gadgets", "shop.makers", "shop.parts"


def there(path: str, number: int) -> bool:
    return records.read(registry.find(path), {"id": str(number)}) is not None


def test_a_row_without_its_parent_is_parked(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, maker=1), gadget(2))

    counts = sync(GADGETS)

    assert (counts["inserted"], counts["pending"]) == (1, 1)
    assert not there(GADGETS, 1)
    assert PendingChild.objects.get().entity.path == GADGETS


def test_the_parents_commit_wakes_it(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, maker=1))
    sync(GADGETS)
    run_waiting("wake")

    sync(MAKERS)
    woken = run_waiting("wake")

    assert there(GADGETS, 1)
    assert not PendingChild.objects.exists()
    assert sum((job.result or {}).get("inserted", 0) for job in woken) == 1
    assert Tracker.objects.get(entity__path=GADGETS).live_rows == 1


def test_a_row_whose_parent_is_here_does_not_wait(far_end: FarEnd) -> None:
    sync(MAKERS)
    far_end.set("gadgets", gadget(1, maker=1))

    counts = sync(GADGETS)

    assert (counts["inserted"], counts["pending"]) == (1, 0)


def test_of_two_parents_it_waits_for_one_after_the_other(far_end: FarEnd) -> None:
    far_end.set("parts", {"id": 1}, {"id": 2, "gadget": 1, "of": 3})
    sync(PARTS)
    far_end.set("gadgets", gadget(1))

    sync(GADGETS)
    run_waiting("wake")
    assert PendingChild.objects.get().parent_entity.path == PARTS
    far_end.set("parts", {"id": 3})
    sync(PARTS)
    run_waiting("wake")

    assert there(PARTS, 2)
    assert not PendingChild.objects.exists()


def test_a_parent_in_the_same_batch_counts(far_end: FarEnd) -> None:
    far_end.set("parts", {"id": 2, "of": 1}, {"id": 1})

    counts = sync(PARTS)

    assert (counts["inserted"], counts["pending"]) == (2, 0)


def test_a_parent_that_is_parked_itself_does_not_count(far_end: FarEnd) -> None:
    far_end.set("parts", {"id": 3, "of": 2}, {"id": 2, "of": 1}, {"id": 1, "gadget": 7})

    counts = sync(PARTS)

    assert (counts["inserted"], counts["pending"]) == (0, 3)
    far_end.set("gadgets", gadget(7))
    sync(GADGETS)
    while Job.objects.filter(kind="wake", status=Job.Status.PENDING).exists():
        run_waiting("wake")
    assert all(there(PARTS, number) for number in (1, 2, 3))


def test_only_the_newest_version_waits(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, maker=1, name="Old"))
    sync(GADGETS)
    far_end.set("gadgets", gadget(1, maker=1, name="New", updated_at="2026-02-01T00:00:00Z"))

    sync(GADGETS)

    assert PendingChild.objects.get().data["name"] == "New"


def test_a_child_that_lands_another_way_waits_no_longer(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, maker=1))
    sync(GADGETS)
    far_end.set("gadgets", gadget(1, maker=None, updated_at="2026-02-01T00:00:00Z"))

    sync(GADGETS)

    assert there(GADGETS, 1)
    assert not PendingChild.objects.exists()


def test_an_older_waiting_version_gives_way_to_the_mirrored_one(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, maker=3, name="Old"))
    sync(GADGETS)
    PendingChild.objects.update(version=0)
    far_end.set("gadgets", gadget(1, name="New", updated_at="2026-02-01T00:00:00Z"))
    sync(GADGETS)
    far_end.set("makers", maker(3))

    sync(MAKERS)
    run_waiting("wake")

    found = records.read(registry.find(GADGETS), {"id": "1"})
    assert found
    assert '"New"' in found.data


def test_a_woken_row_that_the_database_refuses_is_set_aside_beside_the_others(far_end: FarEnd) -> None:
    long = "".join(random.Random(7).choices(string.ascii_letters + string.digits, k=9_000))
    far_end.set("gadgets", gadget(1, maker=1, email=f"{long}@example.com"), gadget(2, maker=2))
    sync(GADGETS)
    run_waiting("wake")
    sync(MAKERS)

    woken = run_waiting("wake")

    failed = FailedRecord.objects.get()
    assert (failed.stage, failed.code) == ("ingest", "refused_by_database")
    assert bytes(failed.raw) == far_end.rows["gadgets"][0]
    assert sum((job.result or {}).get("inserted", 0) for job in woken) == 1
    assert there(GADGETS, 2)
    assert not PendingChild.objects.exists()


def test_a_waiting_version_that_the_source_took_back_is_dropped(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1))
    sync(GADGETS)
    for gadget_of_part in (1, 9, 1):
        far_end.set("parts", {"id": 1, "gadget": gadget_of_part})
        sync(PARTS)

    assert not PendingChild.objects.exists()


def test_a_record_is_not_taken_for_fresh_while_its_newer_version_waits(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1))
    sync(GADGETS)
    far_end.set("parts", {"id": 1, "gadget": 1, "name": "old"})
    sync(PARTS)
    far_end.set("parts", {"id": 1, "gadget": 9, "name": "new"})
    run("refresh", PARTS, key={"id": "1"})
    assert PendingChild.objects.get().parent_entity.path == GADGETS
    far_end.set("gadgets", gadget(9))

    sync(GADGETS)
    run_waiting("wake")

    found = records.read(registry.find(PARTS), {"id": "1"})
    assert found
    assert json.loads(found.data)["name"] == "new"


@pytest.fixture
def refusing(far_end: FarEnd) -> Iterator[FarEnd]:
    """PostgreSQL refuses that a row of this name waits."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE pending_child ADD CONSTRAINT odd CHECK (data->>'name' <> 'Odd')")
    yield far_end
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE pending_child DROP CONSTRAINT odd")


def test_a_row_that_must_not_wait_fails_alone(refusing: FarEnd) -> None:
    waiting = [gadget(number, maker=1) for number in range(1, 10)]
    refusing.set("gadgets", gadget(20), *waiting, gadget(10, maker=1, name="Odd"), gadget(11, price="many"))

    counts = sync(GADGETS)

    assert [counts[name] for name in ("rows_fetched", "inserted", "pending", "failed")] == [12, 1, 9, 2]
    odd = FailedRecord.objects.get(code="refused_by_database")
    assert (odd.stage, json.loads(bytes(odd.raw))["id"]) == ("ingest", 10)
    assert PendingChild.objects.count() == 9
    assert FailedRecord.objects.count() == 2


def test_a_woken_child_that_must_not_wait_for_its_next_parent_fails_alone(refusing: FarEnd) -> None:
    named = [{"id": number, "gadget": 1, "of": 9, "name": "Even"} for number in (2, 3)]
    refusing.set("parts", *named, {"id": 4, "gadget": 1, "of": 9, "name": "Even"})
    sync(PARTS)
    PendingChild.objects.filter(data__id=4).update(data={"id": 4, "gadget": 1, "of": 9, "name": "Fine"})
    refusing.set("gadgets", gadget(1))
    sync(GADGETS)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE pending_child DROP CONSTRAINT odd")
        constraint = "CHECK (data->>'name' <> 'Fine' OR tries = 0 AND parent_entity_id <> %s)"
        cursor.execute(
            f"ALTER TABLE pending_child ADD CONSTRAINT odd {constraint}", [schema.entity_id(PARTS)]
        )

    run_waiting("wake")

    assert PendingChild.objects.count() == 2
    failed = FailedRecord.objects.get()
    assert (failed.code, json.loads(bytes(failed.raw))["id"]) == ("refused_by_database", 4)
