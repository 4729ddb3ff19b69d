"""A dry run tells what a sync would do, and does none of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from sync import records
from sync.declare import Drift
from sync.models import Batch, Job, SourceColumn
from sync.pipeline.dryrun.run import try_sync
from sync.registry import registry
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, run, sync
from tests.shop import gadgets, system

GADGETS, PARTS = "shop.gadgets", "shop.parts"
WORDS = ("rows_fetched", "inserted", "updated", "skipped", "failed", "pending")


def dry(path: str = GADGETS, **asked: Any) -> dict[str, Any]:
    return try_sync(registry.find(path), asked)


def written() -> dict[str, tuple[int, int, int]]:
    """Rows inserted, updated and deleted per table, those of rolled-back transactions too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush(), pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_all_tables WHERE schemaname = 'bridge'"
        )
        return {name: counts for name, *counts in cursor.fetchall()}


def mixed(far_end: FarEnd) -> None:
    """Five gadgets in the mirror; at the far end one changed, one is new, one bad, one waits, one is gone."""
    far_end.set("gadgets", *(gadget(number) for number in range(1, 6)))
    sync(GADGETS)
    far_end.set(
        "gadgets",
        gadget(1),
        gadget(2, name="Changed", updated_at="2026-02-01T00:00:00Z"),
        gadget(3, price="many", updated_at="2026-02-01T00:00:00Z"),
        gadget(4, maker=77, updated_at="2026-02-01T00:00:00Z"),
        gadget(6),
    )


def test_its_counts_are_those_of_the_sync_that_follows(far_end: FarEnd) -> None:
    mixed(far_end)

    told = dry(full=True)
    done = sync(GADGETS, full=True)

    assert told["counts"] == {word: done.get(word, 0) for word in WORDS}
    assert told["counts"] == dict(zip(WORDS, (5, 1, 1, 1, 1, 1), strict=True))


def test_nothing_is_written_not_even_to_be_rolled_back(far_end: FarEnd) -> None:
    mixed(far_end)
    before, mark = written(), records.tracker(registry.find(GADGETS)).watermark

    told = dry(full=True)

    assert told["counts"]["inserted"] == 1
    assert written() == before
    assert records.tracker(registry.find(GADGETS)).watermark == mark
    assert told["watermark"]["now"] == mark
    assert told["watermark"]["then"] > mark


def test_it_shows_what_would_change_and_what_would_fail(far_end: FarEnd) -> None:
    mixed(far_end)

    told = dry(full=True)

    shown = {diff["key"]: diff for diff in told["diffs"]}
    assert shown["2"]["fields"]["name"] == {"before": "Gadget 2", "after": "Changed"}
    assert (shown["2"]["op"], shown["6"]["op"]) == ("update", "insert")
    (fault,) = told["faults"]
    assert (fault["code"], fault["field"]) == ("unreadable_number", "price")
    assert '"price": "many"' in fault["row"]
    assert told["failed_by_code"] == {"unreadable_number": 1}


def test_it_tells_what_would_be_deleted(far_end: FarEnd) -> None:
    mixed(far_end)

    told = dry(full=True)["deletes"]

    assert (told["count"], told["would"], told["sample"], told["why_not"]) == (1, "propose", ["5"], None)


def test_deletes_are_not_told_of_a_read_that_proves_nothing(far_end: FarEnd) -> None:
    mixed(far_end)

    assert "full read" in dry()["deletes"]["why_not"]


@pytest.mark.usefixtures("page_by_page")
def test_it_stops_after_the_pages_it_may_read(far_end: FarEnd) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(1, 26)))

    told = try_sync(registry.find(GADGETS), {}, pages=2)

    assert (told["pages"], told["complete"], told["counts"]["inserted"]) == (2, False, 20)
    assert told["watermark"]["then"] is None


@pytest.mark.usefixtures("page_by_page")
def test_rows_of_earlier_pages_count_as_written(far_end: FarEnd) -> None:
    filling = [{"id": number, "name": "x"} for number in range(100, 1099)]
    far_end.set("parts", {"id": 1, "name": "one"}, *filling, {"id": 2, "of": 1}, {"id": 1, "name": "one"})

    counts = dry(PARTS)["counts"]

    assert counts == dict(zip(WORDS, (1002, 1001, 0, 1, 0, 0), strict=True))


def test_it_tells_how_many_waiting_children_would_go_on(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, maker=3), gadget(2, maker=3))
    sync(GADGETS)
    far_end.set("makers", {"id": 3, "name": "Three", "updated_at": "2026-01-01T00:00:00Z"})

    assert dry("shop.makers")["would_wake"] == 2


def test_new_columns_are_told_and_not_noted(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1))
    sync(GADGETS)
    known = SourceColumn.objects.count()
    far_end.set("gadgets", gadget(1, colour="red"))

    told = dry(full=True)

    assert any("'colour' is new" in sentence for sentence in told["drift"])
    assert SourceColumn.objects.count() == known


@contextmanager
def strict() -> Iterator[None]:
    known = registry.systems
    registry.fill([replace(system, entities=(replace(gadgets, drift=Drift(new="stop")),))])
    yield
    registry.fill(known)


def test_a_change_at_which_a_sync_would_stop_is_told(far_end: FarEnd) -> None:
    makerless = {key: value for key, value in gadget(1).items() if key != "maker"}
    far_end.set("gadgets", makerless)
    sync(GADGETS)
    far_end.set("gadgets", {**makerless, "colour": "red"})

    with strict():
        told = dry(full=True)

    assert "stops at a change" in told["stopped"]
    assert not told["complete"]


def test_as_a_job_its_result_is_the_report(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1))

    job = run("dry_run", GADGETS)

    assert job.status == Job.Status.SUCCESS
    assert job.result
    assert (job.result["dry_run"], job.result["counts"]["inserted"]) == (True, 1)
    assert not Batch.objects.exists()


def test_the_far_ends_refusal_comes_through(far_end: FarEnd) -> None:
    from sync.errors import TransientError

    far_end.refuse_with = (503, {}, b'{"error": "closed for lunch"}')

    with pytest.raises(TransientError, match="closed for lunch"):
        dry()
