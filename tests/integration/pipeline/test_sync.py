"""A sync, end to end in one process: far end, stages, mirror, feed, history, watermark."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from sync import records, schema
from sync.fields import Date
from sync.models import Batch, Change, Job, RecordVersion, Tracker
from sync.pipeline.raw import unpack
from sync.registry import registry
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, run, sync
from tests.shop import makers, system

GADGETS = "shop.gadgets"


def stored(number: int) -> records.Found:
    found = records.read(registry.find(GADGETS), {"id": str(number)})
    assert found is not None
    return found


def data(number: int) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(stored(number).data)
    return value


def tracker() -> Tracker:
    return records.tracker(registry.find(GADGETS))


def row_versions() -> set[tuple[Any, ...]]:
    """PostgreSQL's own mark of who wrote each row last."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT key_hash, xmin::text, ctid::text FROM {schema.leaf(GADGETS)}")
        return set(cursor.fetchall())


def test_it_lands_every_row_once(far_end: FarEnd) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(1, 36)))

    counts = sync(GADGETS)

    assert counts["rows_fetched"] == counts["inserted"] == 35
    assert tracker().live_rows == len(row_versions()) == 35
    assert data(7)["name"] == "Gadget 7"


def test_every_page_is_asked_for_once(far_end: FarEnd) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(1, 36)))

    sync(GADGETS)

    assert [params["offset"] for _, path, params in far_end.asked if path == "/gadgets"] == [
        "0",
        "10",
        "20",
        "30",
    ]


def test_the_same_sync_again_writes_no_row(far_end: FarEnd) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(1, 36)))
    sync(GADGETS)
    before = row_versions()

    counts = sync(GADGETS, full=True)

    assert counts["skipped"] == 35
    assert row_versions() == before


def test_one_change_writes_one_row(far_end: FarEnd) -> None:
    rows = [gadget(number) for number in range(1, 36)]
    far_end.set("gadgets", *rows)
    sync(GADGETS)
    before = row_versions()
    rows[4] = gadget(5, name="Changed", updated_at="2026-02-01T00:00:00Z")
    far_end.set("gadgets", *rows)

    counts = sync(GADGETS)

    assert (counts["updated"], counts["inserted"]) == (1, 0)
    assert len(row_versions() - before) == 1
    assert (data(5)["name"], stored(5).revision) == ("Changed", 2)


def test_the_version_before_is_kept_as_history(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, name="First"))
    sync(GADGETS)
    far_end.set("gadgets", gadget(1, name="Second", updated_at="2026-02-01T00:00:00Z"))

    sync(GADGETS)

    version = RecordVersion.objects.get()
    assert (version.revision, version.data["name"]) == (1, "First")
    assert version.valid_to == stored(1).changed_at


def test_a_newer_version_with_the_same_data_is_only_touched(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1))
    sync(GADGETS)
    before = stored(1)
    far_end.set("gadgets", gadget(1, updated_at="2026-02-01T00:00:00Z"))

    counts = sync(GADGETS)

    after = stored(1)
    assert (counts["updated"], counts["touched"], counts["skipped"]) == (0, 1, 1)
    assert (after.revision, after.changed_at) == (before.revision, before.changed_at)
    assert after.synced_at > before.synced_at
    assert Change.objects.count() == 1


def test_an_older_version_never_overwrites_a_newer_one(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, name="New", updated_at="2026-02-01T00:00:00Z"))
    sync(GADGETS)
    far_end.set("gadgets", gadget(1, name="Late", updated_at="2026-01-15T00:00:00Z"))

    counts = sync(GADGETS, full=True)

    assert counts["skipped"] == 1
    assert data(1)["name"] == "New"


def test_of_equal_keys_in_a_batch_the_newest_stands(far_end: FarEnd) -> None:
    far_end.set(
        "gadgets",
        gadget(1, name="Middle", updated_at="2026-01-02T00:00:00Z"),
        gadget(1, name="Newest", updated_at="2026-01-03T00:00:00Z"),
        gadget(1, name="Oldest", updated_at="2026-01-01T00:00:00Z"),
    )

    counts = sync(GADGETS)

    assert (counts["rows_fetched"], counts["inserted"], counts["skipped"]) == (3, 1, 2)
    assert data(1)["name"] == "Newest"


@pytest.mark.parametrize(
    ("token", "text", "number"),
    [
        ("1.10", "1.10", "1.1"),
        ("1e3", "1e3", "1000"),
        ("0.1", "0.1", "0.1"),
        ("1234567890123456789012345678901234567890", "1234567890123456789012345678901234567890", None),
        ("0.1234567890123456789012345678901234567891", "0.1234567890123456789012345678901234567891", None),
        ("-0.0", "-0.0", "0"),
    ],
)
def test_numbers_arrive_as_written(far_end: FarEnd, token: str, text: str, number: str | None) -> None:
    row = b'{"id": 1, "name": "Exact", "note": %b, "price": %b, "weight": %b}' % ((token.encode(),) * 3)
    far_end.set("gadgets", row)

    sync(GADGETS)

    assert data(1)["note"] == text
    assert data(1)["price"] == data(1)["weight"] == (number or text)


def test_the_feed_numbers_follow_each_other(far_end: FarEnd, page_by_page: None) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(1, 36)))
    sync(GADGETS)
    far_end.set("gadgets", gadget(3, name="Changed", updated_at="2026-02-01T00:00:00Z"))

    sync(GADGETS)

    changes = list(Change.objects.order_by("last_seq"))
    assert [(change.first_seq, change.last_seq) for change in changes] == [
        (1, 10),
        (11, 20),
        (21, 30),
        (31, 35),
        (36, 36),
    ]
    assert [change.op for change in changes] == ["i", "i", "i", "i", "u"]
    assert all(len(change.keys) == change.last_seq - change.first_seq + 1 for change in changes)
    assert tracker().feed_seq == 36


def test_the_counts_of_the_batches_add_up(far_end: FarEnd, page_by_page: None) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(1, 36)), b'{"id": 99}')

    job = run("sync", GADGETS)

    batches = list(Batch.objects.filter(job_id=job.id).order_by("seq"))
    assert [batch.seq for batch in batches] == [1, 2, 3, 4]
    total = {name: sum(batch.counts.get(name, 0) for batch in batches) for name in job.result or {}}
    assert total == job.result
    assert total["rows_fetched"] == total["inserted"] + total["updated"] + total["skipped"] + total["failed"]


def test_the_watermark_is_the_highest_cursor_less_the_overlap(far_end: FarEnd) -> None:
    far_end.set(
        "gadgets", gadget(1, updated_at="2026-01-05T12:00:00Z"), gadget(2, updated_at="2026-01-05T11:00:00Z")
    )

    sync(GADGETS)

    assert tracker().watermark == "2026-01-05T11:58:00Z"


def test_the_next_sync_asks_from_the_watermark(far_end: FarEnd) -> None:
    far_end.set(
        "gadgets", gadget(1, updated_at="2026-01-05T12:00:00Z"), gadget(2, updated_at="2026-01-05T11:00:00Z")
    )
    sync(GADGETS)

    counts = sync(GADGETS)

    assert far_end.asked[-1][2]["since"] == "2026-01-05T11:58:00Z"
    assert counts["rows_fetched"] == counts["skipped"] == 1


def test_a_cursor_in_the_future_does_not_move_the_watermark_past_the_run(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, updated_at="2199-01-01T00:00:00Z"))

    job = run("sync", GADGETS)

    assert job.started_at
    assert str(tracker().watermark) < job.started_at.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_nor_does_a_date_in_the_future(far_end: FarEnd) -> None:
    day = Date(source="updated_at", formats=("%Y-%m-%dT%H:%M:%SZ",))
    dated = replace(makers, fields={**makers.fields, "changed": day})
    known = registry.systems
    registry.fill([replace(system, entities=(dated, *system.entities[1:]))])
    far_end.set("makers", {"id": 1, "name": "Late", "updated_at": "2199-01-01T00:00:00Z"})
    try:
        job = run("sync", "shop.makers")
    finally:
        registry.fill(known)

    assert job.started_at
    assert str(records.tracker(registry.find("shop.makers")).watermark) <= job.started_at.strftime("%Y-%m-%d")


def test_a_run_that_began_above_the_watermark_does_not_move_it(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, updated_at="2026-01-05T12:00:00Z"))
    sync(GADGETS)
    before = tracker()
    far_end.set("gadgets", gadget(2, updated_at="2026-03-01T00:00:00Z"))

    counts = sync(GADGETS, since="2026-02-01T00:00:00Z")

    assert counts["inserted"] == 1
    assert (tracker().watermark, tracker().fresh_to) == ("2026-01-05T11:58:00Z", before.fresh_to)


def test_an_empty_far_end_completes_the_run(far_end: FarEnd) -> None:
    job = run("sync", GADGETS)

    assert job.status == Job.Status.SUCCESS
    assert tracker().last_sync_at is not None
    assert tracker().fresh_to is not None


def test_the_bytes_of_every_row_are_kept(far_end: FarEnd) -> None:
    rows = [b'{"id": 1,  "name": "Odd \\u00e9 spacing"}', b'{"id": 2, "name": "Zwei\\n"}']
    far_end.set("gadgets", *rows)

    sync(GADGETS)

    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM raw_page")
        body = cursor.fetchone()
    assert body
    assert unpack(bytes(body[0])) == rows


def test_a_full_read_notes_every_row_it_saw_until_it_is_compared(far_end: FarEnd) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(1, 14)))
    sync(GADGETS)
    far_end.set("gadgets", *(gadget(number) for number in range(1, 13)))

    job = run("sync", GADGETS, full=True)

    seen = Batch.objects.filter(job_id=job.id).values_list("seen", flat=True)
    assert sum(len(bytes(blob or b"")) for blob in seen) == 12 * 16


def test_a_full_read_saw_rows_that_were_skipped_or_failed_too(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1), gadget(3))
    sync(GADGETS, full=True)
    # Other blanks, same data: known by its key only. The second one is not written at all.
    far_end.set("gadgets", json.dumps(gadget(1), indent=1).encode(), gadget(2, name="x" * 50))

    sync(GADGETS, full=True)

    seen = Batch.objects.latest("id").seen
    assert seen is not None
    assert len(bytes(seen)) == 2 * 16


def test_a_full_read_that_knows_every_row_still_sets_the_watermark(far_end: FarEnd) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(1, 31)))
    sync(GADGETS)
    Tracker.objects.update(watermark=None)  # as when the first read broke off after its last row

    counts = sync(GADGETS)

    assert counts["skipped"] == 30
    assert tracker().watermark == "2026-01-01T00:28:00Z"
    assert sync(GADGETS)["rows_fetched"] == 3


def test_rows_that_are_not_even_parsed_count_as_the_valid_ones_they_are(far_end: FarEnd) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(1, 11)))
    sync("shop.gadgets")
    far_end.set("gadgets", *(gadget(number) for number in range(1, 12)), gadget(12, name=None))

    counts = sync("shop.gadgets", full=True)

    assert (counts["rows_fetched"], counts["skipped"], counts["inserted"], counts["failed"]) == (12, 10, 1, 1)
    assert (counts["normalized"], counts["validated"], counts["mapped"]) == (12, 11, 11)
