"""An entity is read in memory: pages, rows, failures and counts, without a database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sync.errors import TransientError
from sync.registry import registry
from sync.testing import FarEnd, NotRecorded, faults_of, read, read_one, read_rows
from tests.integration.pipeline.conftest import gadget
from tests.shop import gadgets, system

GADGETS = "shop.gadgets"


@pytest.fixture
def far_end() -> Iterator[FarEnd]:
    with FarEnd("shop") as running:
        yield running


def page(*rows: object, total: int | None = None) -> dict[str, object]:
    return {"items": list(rows), "total": len(rows) if total is None else total}


def test_rows_come_as_they_are_served(far_end: FarEnd) -> None:
    far_end.answer("GET", "/gadgets", json=page(gadget(1, email="A@B.C"), gadget(2)))

    found = read(GADGETS)

    assert found.row(id=1)["email"] == "a@b.c"
    assert found.row(id=2)["price"] == "10"
    assert found.counts == {"rows_fetched": 2, "normalized": 2, "validated": 2, "mapped": 2, "failed": 0}
    assert (found.pages, found.total, found.failures) == (1, 2, [])
    assert len(set(found.hashes)) == 2


def test_pages_are_asked_for_as_a_sync_would(far_end: FarEnd) -> None:
    far_end.answer("GET", "/gadgets", query={"offset": 0}, json=page(gadget(1), gadget(2), total=3))
    far_end.answer("GET", "/gadgets", query={"offset": 2}, json=page(gadget(3), total=3))

    found = read(GADGETS, page_size=2, since="2026-01-01T00:00:00Z")

    assert [row["id"] for row in found.rows] == [1, 2, 3]
    assert {one.query["since"] for one in far_end.asked} == {"2026-01-01T00:00:00Z"}
    assert found.pages == 2


def test_a_row_set_aside_says_why(far_end: FarEnd) -> None:
    far_end.answer(
        "GET", "/gadgets", json=page(gadget(1), gadget(2, name=None, price="much"), b"[]".decode())
    )

    found = read(GADGETS)

    failure = found.failure(code="unreadable_number")
    assert (failure.stage, failure.field, failure.value, failure.faults) == ("normalize", "price", "much", 2)
    assert failure.row["id"] == 2
    assert found.counts["failed"] == 2
    assert [row["id"] for row in found.rows] == [1]


def test_a_row_that_is_not_there_is_told_with_those_that_are(far_end: FarEnd) -> None:
    far_end.answer("GET", "/gadgets", json=page(gadget(1)))

    with pytest.raises(AssertionError, match=r"0 rows have \{'id': 7\}, not one(?s:.*)Gadget 1"):
        read(GADGETS).row(id=7)


def test_one_record_is_asked_for_by_its_key(far_end: FarEnd) -> None:
    far_end.answer("GET", "/gadgets/7", json=gadget(7))
    far_end.answer("GET", "/gadgets/8", status=404)

    assert read_one(GADGETS, id=7).row(id=7)["name"] == "Gadget 7"
    assert read_one(GADGETS, id=8).rows == []


def test_rows_need_no_far_end() -> None:
    found = read_rows(GADGETS, gadget(1), b'{"id": 2, "name": "x", "weight": 1.50}', b"no JSON")

    assert found.row(id=2)["weight"] == "1.5"
    assert found.failure(field=None).row == b"no JSON"
    assert read_rows(GADGETS).rows == []


def test_an_error_of_the_far_end_comes_through(far_end: FarEnd) -> None:
    far_end.answer("GET", "/gadgets", status=500, body="out of order")

    with pytest.raises(TransientError, match="out of order"):
        read(GADGETS)


def test_a_request_that_was_not_recorded_comes_before_the_error_that_it_leads_to(far_end: FarEnd) -> None:
    far_end.answer("GET", "/gadget", json=page())

    with pytest.raises(NotRecorded, match="the path is /gadgets, not /gadget"):
        read(GADGETS)


def test_answers_of_a_file_are_read(tmp_path: Path, far_end: FarEnd) -> None:
    path = tmp_path / "gadgets.json"
    answers = {"request": {"path": "/gadgets"}, "answers": [{"json": page(gadget(1))}]}
    path.write_text(json.dumps({"exchanges": [answers]}))

    far_end.load(path)

    assert read(GADGETS).row(id=1)


def test_a_declaration_says_what_is_wrong_with_it() -> None:
    assert faults_of("shop") == []
    known = registry.systems
    try:
        registry.fill([replace(system, entities=(replace(gadgets, key=("ide",), parents=()),))])
        found = faults_of("shop")
    finally:
        registry.fill(known)
    assert found[0] == "sync.E002 shop.gadgets: 'ide' in its key is not one of its fields. Did you mean 'id'?"
    with pytest.raises(AssertionError, match="There is no system 'shoe'; loaded are: "):
        faults_of("shoe")
