"""Keys that one read brings more than once: one row stands, the same with every read, and the others are told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from sync import events
from sync.declare import Deletes
from sync.fields import Text, upper
from sync.models import JobEvent, Record
from sync.registry import registry
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, sync
from tests.shop import notes, system

GADGETS, PARTS, NOTES = "shop.gadgets", "shop.parts", "shop.notes"
BETWEEN = [{"id": number} for number in range(2, 9)]


def adds_up(counts: dict[str, int]) -> bool:
    parts = ("inserted", "updated", "skipped", "failed", "pending")
    return counts["rows_fetched"] == sum(counts.get(part, 0) for part in parts)


def read(path: str, **params: Any) -> dict[str, int]:
    counts = sync(path, full=True, **params)
    assert adds_up(counts)
    return counts


def told() -> list[str]:
    """What jobs said of repeated keys, the last one first."""
    return [events.words(event) for event in JobEvent.objects.filter(name="keys_repeated").order_by("-id")]


def part(number: int) -> tuple[str, int]:
    record = Record.objects.get(entity__path=PARTS, data__id=number)
    return record.data["name"], record.revision


@pytest.fixture
def coded() -> Iterator[Any]:
    """Notes whose key is a text, with what cleans it."""
    known = registry.systems
    others = [entity for entity in system.entities if entity.name != "notes"]

    def fill(code: Text) -> None:
        entity = replace(notes, fields={"id": code, "text": Text()}, deletes=Deletes())
        registry.fill([replace(system, entities=(*others, entity))])

    yield fill
    registry.fill(known)


def test_the_other_row_of_a_batch_is_counted_and_told(far_end: FarEnd) -> None:
    far_end.set("parts", {"id": 1, "name": "One"}, {"id": 1, "name": "Two"}, *BETWEEN)

    for skipped in (1, 9, 9):
        counts = read(PARTS)

        assert (counts["duplicates"], counts["skipped"], part(1)) == (1, skipped, ("Two", 1))
    assert len(told()) == 3
    assert "1 rows came with a key that another row of this read has (1)" in told()[0]


def test_of_two_batches_the_same_row_stands_with_every_read(far_end: FarEnd, page_by_page: None) -> None:
    far_end.set("parts", {"id": 1, "name": "One"}, *BETWEEN, {"id": 1, "name": "Two"})

    for _ in range(4):
        counts = read(PARTS, page_size=1)

        assert counts["duplicates"] == 1
        assert part(1) == ("One", 1)
    assert len(told()) == 4


def test_the_other_row_lands_when_the_first_is_gone(far_end: FarEnd, page_by_page: None) -> None:
    far_end.set("parts", {"id": 1, "name": "One"}, *BETWEEN, {"id": 1, "name": "Two"})
    read(PARTS, page_size=1)
    far_end.set("parts", *BETWEEN, {"id": 1, "name": "Two"})

    counts = read(PARTS, page_size=1)

    assert part(1) == ("Two", 2)
    assert "duplicates" not in counts


def test_a_change_of_the_first_row_lands(far_end: FarEnd, page_by_page: None) -> None:
    for name in ("One", "Other"):
        far_end.set("parts", {"id": 1, "name": name}, *BETWEEN, {"id": 1, "name": "Two"})
        read(PARTS, page_size=1)

    assert part(1) == ("Other", 2)


def test_a_newer_version_stands_wherever_it_comes(far_end: FarEnd, page_by_page: None) -> None:
    between = [gadget(number) for number in range(2, 9)]
    newer = gadget(1, name="New", updated_at="2026-02-01T00:00:00Z")
    far_end.set("gadgets", gadget(1, name="Old"), *between, newer)

    counts = [read(GADGETS, page_size=1) for _ in range(3)]

    record = Record.objects.get(data__id=1)
    assert (record.data["name"], record.revision) == ("New", 2)
    assert counts[0]["duplicates"] == 1


def test_without_duplicates_nothing_is_said(far_end: FarEnd) -> None:
    far_end.set("parts", *BETWEEN)

    assert "duplicates" not in read(PARTS)
    assert not told()


@pytest.mark.parametrize(
    ("code", "there"),
    [
        (Text(required=True), {"ALFKI", "alfki", "Alfki"}),
        (Text(required=True, trim=False), {"ALFKI", "alfki", "Alfki", "ALFKI ", " ALFKI"}),
        (Text(required=True, clean=(upper,)), {"ALFKI"}),
        (Text(required=True, clean=(upper,), trim="end"), {"ALFKI", " ALFKI"}),
    ],
    ids=["trimmed", "as it is", "upper case", "upper case, blanks before"],
)
@pytest.mark.parametrize("page_size", [1, 10])
def test_keys_that_differ_by_case_or_blanks_are_what_the_declaration_says(
    far_end: FarEnd, page_by_page: None, coded: Any, code: Text, there: set[str], page_size: int
) -> None:
    coded(code)
    codes = ("ALFKI", "alfki", "Alfki", "ALFKI ", " ALFKI")
    far_end.set("notes", *({"id": code, "text": f"{number}"} for number, code in enumerate(codes)))

    counts = [read(NOTES, page_size=page_size) for _ in range(3)]

    records = Record.objects.filter(entity__path=NOTES, deleted_at=None)
    assert {record.data["id"] for record in records} == there
    assert counts[0]["inserted"] == len(there)
    assert counts[0].get("duplicates", 0) == len(codes) - len(there)
    assert (counts[2]["inserted"], counts[2]["updated"]) == (0, 0)
    assert bool(told()) == (len(there) < len(codes))
