"""Rows set aside: named, counted, mended, run again, closed."""

from __future__ import annotations

import json
import random
import string
from typing import Any

import pytest

from sync import failures, records
from sync.audit import Actor
from sync.errors import Conflict, InvalidRequest, NotFound
from sync.ids import uuid7
from sync.mapping import acts as mappings
from sync.models import AuditEntry, FailedRecord
from sync.registry import registry
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, run_again, sync

GADGETS = "shop.gadgets"
OPERATOR = Actor(name="olga", door="admin")


def only() -> FailedRecord:
    return FailedRecord.objects.get()


def stored(number: int) -> records.Found | None:
    return records.read(registry.find(GADGETS), {"id": str(number)})


def test_every_good_row_of_the_page_lands(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1), gadget(2, price="many"), gadget(3))

    counts = sync(GADGETS)

    assert (counts["inserted"], counts["failed"]) == (2, 1)
    assert stored(1)
    assert stored(2) is None


def test_a_failed_row_has_all_its_errors_and_its_bytes(far_end: FarEnd) -> None:
    row = json.dumps(gadget(2, name=None, price="many", updated_at="yesterday")).encode()
    far_end.set("gadgets", row)

    sync(GADGETS)

    failed = only()
    assert bytes(failed.raw) == row
    assert {error["field"] for error in failed.errors} == {"name", "price", "changed"}
    assert failed.key_hash is not None


def test_a_row_that_fails_again_is_counted_up(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, price="many"))
    sync(GADGETS)

    sync(GADGETS)

    assert only().times_seen == 2


def test_a_good_version_closes_the_failure(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, price="many"))
    sync(GADGETS)
    far_end.set("gadgets", gadget(1, price="9.99"))

    sync(GADGETS)

    assert only().state == FailedRecord.State.SUPERSEDED


def test_the_source_going_back_to_the_mirrored_bytes_closes_the_failure(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1))
    sync(GADGETS)
    far_end.set("gadgets", gadget(1, price="many"))
    sync(GADGETS)
    assert only().state == FailedRecord.State.OPEN
    far_end.set("gadgets", gadget(1))

    sync(GADGETS)

    assert only().state == FailedRecord.State.SUPERSEDED


def test_a_failing_version_leaves_the_good_one_in_the_mirror(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, name="Good"))
    sync(GADGETS)
    far_end.set("gadgets", gadget(1, name="Bad", price="many", updated_at="2026-02-01T00:00:00Z"))

    sync(GADGETS)

    found = stored(1)
    assert found
    assert json.loads(found.data)["name"] == "Good"


def test_a_mended_row_arrives(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, price="many"))
    sync(GADGETS)
    failures.mend(only().id, {"price": "12.50"}, by=OPERATOR)

    run_again(failures.retry(only().id, by=OPERATOR))

    found = stored(1)
    assert found
    assert json.loads(found.data)["price"] == "12.5"
    assert (only().state, only().closed_by) == (FailedRecord.State.FIXED, "olga")


def test_a_mend_leaves_the_other_values_as_they_came(far_end: FarEnd) -> None:
    far_end.set("gadgets", b'{"id": 1, "name": "Exact", "price": "many", "note": 1.10, "weight": 1e3}')
    sync(GADGETS)
    failures.mend(only().id, {"price": "1,000.50"}, by=OPERATOR)

    run_again(failures.retry(only().id, by=OPERATOR))

    found = stored(1)
    assert found
    data = json.loads(found.data)
    assert (data["price"], data["note"], data["weight"]) == ("1000.5", "1.10", "1000")
    assert only().mended == {"price": "1,000.50"}


def test_a_mended_field_is_read_as_people_write_it(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, name="x" * 41))
    sync(GADGETS)
    failures.mend(only().id, {"name": "Short", "price": "1,000.50"}, by=OPERATOR)

    run_again(failures.retry(only().id, by=OPERATOR))

    found = stored(1)
    assert found
    assert json.loads(found.data)["price"] == "1000.5"


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "data",
    [
        {"note": "x\x00"},
        {"note": ["\ud800"]},
        {"x\x00": "1"},
        {"note": {"\udfff": 1}},
        {"note": nested(50_000)},
    ],
    ids=["nul", "half a surrogate pair", "name", "name inside", "deep"],
)
def test_a_mend_that_cannot_be_stored_is_refused(far_end: FarEnd, data: dict[str, Any]) -> None:
    far_end.set("gadgets", gadget(1, price="many"))
    sync(GADGETS)

    with pytest.raises(InvalidRequest) as caught:
        failures.mend(only().id, data, by=OPERATOR)

    assert caught.value.code == "bad_parameter"
    assert only().mended is None


def test_the_next_sync_leaves_a_mended_row_alone(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, price="many"))
    sync(GADGETS)
    failures.mend(only().id, {"price": "12.50"}, by=OPERATOR)
    run_again(failures.retry(only().id, by=OPERATOR))

    counts = sync(GADGETS, full=True)

    assert (counts["skipped"], counts["failed"]) == (1, 0)
    assert only().state == FailedRecord.State.FIXED


def test_a_row_that_failed_validation_is_mended_by_our_names(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, name="x" * 41))
    sync(GADGETS)
    assert only().stage == "validate"

    failures.mend(only().id, {"name": "Short"}, by=OPERATOR)
    run_again(failures.retry(only().id, by=OPERATOR))

    found = stored(1)
    assert found
    assert json.loads(found.data)["name"] == "Short"


def test_a_mend_that_does_not_help_stays_open_with_the_new_error(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, price="many"))
    sync(GADGETS)
    failures.mend(only().id, {"price": "some"}, by=OPERATOR)

    run_again(failures.retry(only().id, by=OPERATOR))

    failed = only()
    assert (failed.state, failed.attempts) == (FailedRecord.State.OPEN, 1)
    assert "some" in failed.message
    assert b"many" in bytes(failed.raw)


def test_a_mend_of_one_stage_is_not_given_to_the_next(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, price="many", name="x" * 41))
    sync(GADGETS)
    failures.mend(only().id, {"price": "5"}, by=OPERATOR)
    run_again(failures.retry(only().id, by=OPERATOR))
    assert only().stage == "validate"

    failures.mend(only().id, {"name": "Short"}, by=OPERATOR)
    run_again(failures.retry(only().id, by=OPERATOR))

    found = stored(1)
    assert found
    assert (json.loads(found.data)["name"], json.loads(found.data)["price"]) == ("Short", "5")


def test_a_row_that_the_database_refuses_is_narrowed_down(far_end: FarEnd) -> None:
    long = "".join(random.Random(7).choices(string.ascii_letters + string.digits, k=9_000))
    far_end.set(
        "gadgets", *(gadget(number) for number in range(1, 8)), gadget(8, email=f"{long}@example.com")
    )

    counts = sync(GADGETS)

    failed = only()
    assert (counts["inserted"], counts["failed"]) == (7, 1)
    assert (failed.stage, failed.code) == ("ingest", "refused_by_database")
    failures.mend(failed.id, {"email": "short@example.com"}, by=OPERATOR)
    run_again(failures.retry(failed.id, by=OPERATOR))
    assert stored(8)


def test_a_broken_row_does_not_hide_its_neighbours(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1), b'"only a text"', b"[1, 2]", gadget(2))

    counts = sync(GADGETS)

    assert (counts["inserted"], counts["failed"]) == (2, 2)
    assert {failed.code for failed in FailedRecord.objects.all()} == {"unreadable_row"}


def test_discarding_closes_with_a_remark(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, price="many"))
    sync(GADGETS)

    failures.discard(only().id, by=OPERATOR, reason="a test row")

    assert (only().state, only().remark, only().closed_by) == (
        FailedRecord.State.DISCARDED,
        "a test row",
        "olga",
    )
    assert AuditEntry.objects.get(act="failed_record.discard").reason == "a test row"


def test_a_closed_one_cannot_be_retried(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, price="many"))
    sync(GADGETS)
    failures.discard(only().id, by=OPERATOR)

    with pytest.raises(Conflict, match="discarded"):
        failures.retry(only().id, by=OPERATOR)


@pytest.mark.usefixtures("committed")
def test_an_unknown_one_is_not_found() -> None:
    with pytest.raises(NotFound):
        failures.retry(uuid7(), by=OPERATOR)


def test_a_mend_must_be_an_object(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, price="many"))
    sync(GADGETS)

    with pytest.raises(InvalidRequest):
        failures.mend(only().id, {}, by=OPERATOR)


def switch_mapping() -> None:
    draft = mappings.draft(registry.find(GADGETS), {"fields": {"note": {"source": "remark"}}}, by=OPERATOR)
    mappings.activate(draft.pk, by=OPERATOR)


def test_bytes_without_a_key_are_one_failure_under_every_mapping(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1), b'{"id": "?", "name": "Lamp"}')
    sync(GADGETS)
    switch_mapping()

    sync(GADGETS, full=True)

    assert only().times_seen == 2


def test_a_mend_outlives_another_mapping_while_the_bytes_stay(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, price="many"))
    sync(GADGETS)
    failures.mend(only().id, {"price": "5"}, by=OPERATOR)
    switch_mapping()

    sync(GADGETS, full=True)

    assert (only().times_seen, only().mended) == (2, {"price": "5"})
