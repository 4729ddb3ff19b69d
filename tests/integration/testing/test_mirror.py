"""What a sync of recorded answers leaves in the database, as a user's test sees it."""

from __future__ import annotations

from typing import Any

import pytest

from sync.testing import FarEnd, NotRecorded, failures, record, records, run_jobs, run_sync
from tests.integration.pipeline.conftest import gadget, maker

GADGETS = "shop.gadgets"


def page(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"items": rows, "total": len(rows)}


def many(*numbers: int) -> dict[str, Any]:
    return page(*(gadget(number) for number in numbers))


def test_the_first_sync_inserts_and_the_second_skips(far_end: FarEnd) -> None:
    far_end.answer("GET", "/gadgets", json=page(gadget(2), gadget(1, name=None), gadget(3)))

    first, second = run_sync(GADGETS), run_sync(GADGETS, full=True)

    assert (first.outcome, first.counts["inserted"], first.counts["failed"]) == ("success", 2, 1)
    assert (second.counts["skipped"], second.counts["inserted"], second.counts["updated"]) == (2, 0, 0)
    assert [row["id"] for row in records(GADGETS)] == [2, 3]
    assert record(GADGETS, id=2) == records(GADGETS)[0]
    (failure,) = failures(GADGETS)
    assert (failure.stage, failure.code, failure.field, failure.row["id"]) == (
        "validate",
        "required",
        "name",
        1,
    )


def test_what_is_gone_is_deleted_where_the_read_proves_it(far_end: FarEnd) -> None:
    far_end.answer("GET", "/gadgets", json=many(*range(1, 21)))
    far_end.answer("GET", "/gadgets", json=many(*range(2, 21)))
    run_sync(GADGETS, full=True)

    read = run_sync(GADGETS, full=True)

    assert (read.deleted, read.proposed, read.deletes_held) == (1, 0, None)
    assert record(GADGETS, id=1) is None
    assert len(records(GADGETS)) == 19


def test_many_that_are_gone_are_proposed(far_end: FarEnd) -> None:
    far_end.answer("GET", "/gadgets", json=many(1, 2, 3))
    far_end.answer("GET", "/gadgets", json=many(1))
    run_sync(GADGETS, full=True)

    read = run_sync(GADGETS, full=True)

    assert (read.deleted, read.proposed) == (0, 2)
    assert len(records(GADGETS)) == 3


def test_a_far_end_in_trouble_is_asked_again(far_end: FarEnd) -> None:
    far_end.answer("GET", "/gadgets", mood="lost")
    far_end.answer("GET", "/gadgets", status=403, body="who are you")
    far_end.answer("GET", "/gadgets", json=many(1))

    first = run_sync(GADGETS)
    second = first.again()
    third = second.again()

    assert (first.outcome, first.code) == ("retry", "far_end_unreachable")
    assert (second.outcome, second.code) == ("parked", "credentials_refused")
    assert second.message
    assert "who are you" in second.message
    assert (third.outcome, third.code, third.counts["inserted"]) == ("success", None, 1)
    with pytest.raises(
        AssertionError, match=r"It did not end well: parked, credentials_refused: .*who are you"
    ):
        second.counts["inserted"]
    with pytest.raises(AssertionError, match=r"No 'insert' was counted. There are .*, inserted, "):
        third.counts["insert"]


def test_a_request_that_was_not_recorded_fails_the_test_and_not_only_the_job(far_end: FarEnd) -> None:
    far_end.answer("GET", "/gadgets", query={"offset": 7}, json=many(1))

    with pytest.raises(NotRecorded, match="query offset is '0', not '7'"):
        run_sync(GADGETS)


def test_rows_that_wait_for_their_parent_land_when_it_comes(far_end: FarEnd) -> None:
    far_end.answer("GET", "/gadgets", json=page(gadget(1, maker=7)))
    far_end.answer("GET", "/makers", json=page(maker(7)))

    assert run_sync(GADGETS).counts["pending"] == 1
    assert records(GADGETS) == []
    run_sync("shop.makers")

    assert [row["maker"] for row in records(GADGETS)] == [7]
    assert run_jobs() == 0
