"""Rows of one entity that name each other as parents land together, when the last parent outside them is here."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from structlog.testing import capture_logs

from sync import failures, orphans, waiting_kin
from sync.audit import Actor
from sync.declare import Parent
from sync.fields import Integer
from sync.models import Batch, FailedRecord, Job, PendingChild, Record
from sync.registry import registry
from sync.wake import ROWS_A_BATCH
from tests.factories import now
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, run_waiting, sync
from tests.shop import parts, system

GADGETS, PARTS = "shop.gadgets", "shop.parts"


@pytest.fixture
def beside() -> Iterator[None]:
    """Parts that name two other parts."""
    known = registry.systems
    others = [entity for entity in system.entities if entity.name != "parts"]
    two = replace(
        parts,
        fields={**parts.fields, "beside": Integer()},
        parents=(*parts.parents, Parent(entity="parts", by={"beside": "id"})),
    )
    registry.fill([replace(system, entities=(*others, two))])
    yield
    registry.fill(known)


def settle() -> None:
    while run_waiting("wake"):
        continue


def landed() -> set[int]:
    rows = Record.objects.filter(entity__path=PARTS, deleted_at=None)
    return {int(data["id"]) for data in rows.values_list("data", flat=True)}


def try_in_vain() -> None:
    """As the hours do that are given to a missing parent."""
    for _ in range(orphans.TRIES):
        PendingChild.objects.update(next_try_at=now() - timedelta(seconds=1))
        orphans.sweep()
        run_waiting("wake")


def batches() -> int:
    """Batches that wrote parts."""
    rows = Record.objects.filter(entity__path=PARTS)
    jobs = Batch.objects.filter(entity__path=PARTS, counts__inserted__gt=0)
    assert all(data == 1 for data in rows.values_list("revision", flat=True))
    return jobs.count()


def test_a_ring_that_waits_only_for_itself_lands_at_once(far_end: FarEnd) -> None:
    far_end.set("parts", {"id": 1, "of": 2}, {"id": 2, "of": 3}, {"id": 3, "of": 1}, {"id": 4, "of": 4})

    counts = sync(PARTS)

    assert (counts["inserted"], counts["pending"]) == (4, 0)


def test_a_ring_over_several_batches_lands_when_it_is_whole(far_end: FarEnd, page_by_page: None) -> None:
    far_end.set("parts", *({"id": number, "of": number % 30 + 1} for number in range(1, 31)))

    counts = sync(PARTS, page_size=10)
    settle()

    assert (counts["inserted"], counts["pending"]) == (0, 30)
    assert len(landed()) == 30
    assert batches() == 1


def test_a_ring_lands_once_and_together_with_the_last_parent_outside(far_end: FarEnd) -> None:
    far_end.set("parts", {"id": 1, "of": 2, "gadget": 7}, {"id": 2, "of": 1, "gadget": 8}, {"id": 3, "of": 2})
    sync(PARTS)
    far_end.set("gadgets", gadget(7))
    sync(GADGETS)
    settle()
    assert not landed()
    far_end.set("gadgets", gadget(7), gadget(8))

    sync(GADGETS)
    settle()

    assert landed() == {1, 2, 3}
    assert not PendingChild.objects.exists()
    assert batches() == 1


def test_a_ring_with_a_member_that_never_comes_waits(far_end: FarEnd) -> None:
    far_end.set("parts", {"id": 1, "of": 2, "gadget": 7}, {"id": 2, "of": 3})
    sync(PARTS)
    far_end.set("gadgets", gadget(7))

    sync(GADGETS)
    settle()

    assert not landed()
    assert set(PendingChild.objects.values_list("parent_entity__path", flat=True)) == {PARTS}


def test_a_row_of_which_another_reference_is_missing_keeps_the_ring_waiting(
    far_end: FarEnd, beside: None
) -> None:
    far_end.set("parts", {"id": 1, "of": 2})
    sync(PARTS)
    far_end.set("parts", {"id": 2, "of": 1, "beside": 9}, {"id": 3, "beside": 2})

    sync(PARTS)
    settle()
    assert not landed()
    far_end.set("parts", {"id": 9})
    sync(PARTS)
    settle()

    assert landed() == {1, 2, 3, 9}


def test_of_two_missing_parents_that_come_one_by_one_it_waits_for_both(far_end: FarEnd, beside: None) -> None:
    far_end.set("parts", {"id": 2, "of": 1, "beside": 9})
    sync(PARTS)
    for number in (1, 9):
        assert 2 not in landed()
        far_end.set("parts", {"id": number})
        sync(PARTS)
        settle()

    assert landed() == {1, 2, 9}
    assert not PendingChild.objects.exists()
    assert batches() == 3


def test_of_two_missing_parents_the_one_that_never_comes_is_told(far_end: FarEnd, beside: None) -> None:
    far_end.set("parts", {"id": 2, "of": 1, "beside": 9})
    sync(PARTS)
    settle()
    PendingChild.objects.update(tries=orphans.TRIES - 1)
    far_end.set("parts", {"id": 1})

    sync(PARTS)
    settle()  # ends: a row that waits for another parent now is not woken again

    assert PendingChild.objects.get().tries == 0
    try_in_vain()
    failed = FailedRecord.objects.get()
    assert not PendingChild.objects.exists()
    assert (failed.field, failed.code) == ("beside", "parent_missing")
    assert "shop.parts 9 did not come in 5 tries" in failed.message


def test_a_row_waits_for_the_parent_that_waits_itself_when_its_other_one_came(
    far_end: FarEnd, beside: None
) -> None:
    far_end.set("parts", {"id": 2, "of": 1, "beside": 9}, {"id": 9, "of": 8})
    sync(PARTS)
    far_end.set("parts", {"id": 1})
    sync(PARTS)
    settle()

    try_in_vain()

    told = sorted(FailedRecord.objects.values_list("field", "message"))
    assert not PendingChild.objects.exists()
    assert [field for field, _ in told] == ["beside", "of"]
    assert "shop.parts 9 waits itself: shop.parts 8 did not come" in told[0][1]


def test_failed_members_of_a_ring_say_what_is_missing_and_land_when_it_came(far_end: FarEnd) -> None:
    far_end.set("parts", {"id": 1, "of": 3}, {"id": 2, "of": 1}, {"id": 3, "of": 2, "gadget": 7})
    sync(PARTS)
    settle()
    try_in_vain()

    failed = FailedRecord.objects.order_by("key_hash")
    told = {failure.message for failure in failed}
    assert not PendingChild.objects.exists()
    assert len(failed) == 3
    assert all("shop.gadgets 7 did not come in 5 tries" in message for message in told)
    assert len([message for message in told if "waits itself" in message]) == 2
    far_end.set("gadgets", gadget(7))
    sync(GADGETS)
    for failure in failed:
        failures.retry(failure.id, by=Actor("olga", "admin"))
        run_waiting("replay")
    settle()
    assert landed() == {1, 2, 3}


def test_more_rows_than_are_looked_at_together_land_in_one_wake(
    far_end: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting_kin, "MOST_KIN", 3)
    far_end.set(
        "parts", {"id": 1, "gadget": 7}, *({"id": number, "of": number - 1} for number in range(2, 9))
    )
    sync(PARTS)
    run_waiting("wake")
    far_end.set("gadgets", gadget(7))
    sync(GADGETS)
    run_waiting("wake")  # the first, of which the others are kin

    with capture_logs() as told:
        run_waiting("wake")

    assert landed() == set(range(1, 9))
    assert {"event": "waiting_rows_cut", "entity": PARTS, "rows": 3, "log_level": "warning"} in told


def test_rows_that_cannot_land_do_not_keep_a_wake_at_it(
    far_end: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting_kin, "MOST_KIN", 3)
    far_end.set("parts", {"id": 1, "of": 0}, *({"id": number, "of": number - 1} for number in range(2, 9)))
    sync(PARTS)

    settle()

    assert not landed()


def test_parents_that_wait_themselves_are_not_fetched(far_end: FarEnd) -> None:
    far_end.set("parts", {"id": 1, "of": 2, "gadget": 7}, {"id": 2, "of": 1})
    known = registry.systems
    others = [entity for entity in system.entities if entity.name != "parts"]
    fetched = replace(parts, parents=(parts.parents[0], Parent(entity="parts", by={"of": "id"}, fetch=True)))
    registry.fill([replace(system, entities=(*others, fetched))])
    try:
        sync(PARTS)
        settle()
    finally:
        registry.fill(known)

    assert not Job.objects.filter(kind="refresh").exists()


@pytest.mark.parametrize("shape", ["ring", "chain"])
def test_thousands_of_kin_are_woken_by_few_statements(far_end: FarEnd, shape: str) -> None:
    many_kin(far_end, shape, 2_000)


@pytest.mark.long
@pytest.mark.parametrize(("shape", "rows"), [("ring", 10_000), ("ring", 60_000), ("chain", 100_000)])
def test_any_number_of_kin_is_woken_by_few_statements(far_end: FarEnd, shape: str, rows: int) -> None:
    many_kin(far_end, shape, rows)


def many_kin(far_end: FarEnd, shape: str, rows: int) -> None:
    """Rows in no order, each under another; the first waits for a gadget, and all of them with it."""
    first: dict[str, Any] = {"id": 1, "gadget": 7, "of": rows if shape == "ring" else None}
    drawn: list[dict[str, Any]] = [
        first,
        *({"id": number, "of": number - 1} for number in range(2, rows + 1)),
    ]
    random.Random(7).shuffle(drawn)
    far_end.set("parts", *drawn)
    counts = sync(PARTS, page_size=1_000)
    settle()
    assert counts["pending"] == PendingChild.objects.count() == rows
    far_end.set("gadgets", gadget(7))

    sync(GADGETS)
    with CaptureQueriesContext(connection) as done:
        settle()

    assert len(landed()) == rows
    assert batches() <= (1 if shape == "ring" else 2 + rows // ROWS_A_BATCH)
    assert len(done) < 400
