"""Every stage under arbitrary input: nothing crashes, nothing good is held back or changed unseen, all is counted."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.models import FailedRecord, Record
from sync.schema import entity_id
from tests.factories import now
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, run_waiting, sync
from tests.integration.pipeline.odd_rows import EXAMPLE, expected, is_good, odd_rows

# Hypothesis warns of what it cannot print shortly: a failing example is to be seen all the same.
pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
SHORT = settings(max_examples=10, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
LONG = settings(SHORT, max_examples=1_000, derandomize=False)
GADGETS, PARTS = "shop.gadgets", "shop.parts"
PARTS_OF_IT = ("inserted", "updated", "skipped", "failed", "pending")
example = itertools.count(EXAMPLE + 1)

rows = st.lists(odd_rows(), min_size=1, max_size=30)
versions = st.lists(
    st.lists(st.tuples(st.integers(1, 5), st.integers(1, 3), st.sampled_from("abc")), max_size=25),
    min_size=1,
    max_size=4,
)
families = st.lists(
    st.tuples(st.integers(1, 12), st.none() | st.integers(1, 3), st.none() | st.integers(1, 14)),
    min_size=1,
    max_size=25,
    unique_by=lambda part: part[0],
)


@given(rows)
@SHORT
def test_any_rows(far_end: FarEnd, rows: list[bytes]) -> None:
    any_rows(far_end, rows)


@pytest.mark.long
@pytest.mark.timeout(3_000)
@given(rows)
@LONG
def test_any_rows_at_length(far_end: FarEnd, rows: list[bytes]) -> None:
    any_rows(far_end, rows)


@given(versions)
@SHORT
def test_any_order_of_versions(far_end: FarEnd, reads: list[list[tuple[int, int, str]]]) -> None:
    any_order_of_versions(far_end, reads)


@pytest.mark.long
@pytest.mark.timeout(3_000)
@given(versions)
@LONG
def test_any_order_of_versions_at_length(far_end: FarEnd, reads: list[list[tuple[int, int, str]]]) -> None:
    any_order_of_versions(far_end, reads)


@given(families)
@SHORT
def test_any_family(far_end: FarEnd, parts: list[tuple[int, int | None, int | None]]) -> None:
    any_family(far_end, parts)


@pytest.mark.long
@pytest.mark.timeout(3_000)
@given(families)
@LONG
def test_any_family_at_length(far_end: FarEnd, parts: list[tuple[int, int | None, int | None]]) -> None:
    any_family(far_end, parts)


def any_rows(far_end: FarEnd, drawn: list[bytes]) -> None:
    """Odd rows among good ones, ten a page: every good one lands, every other as it says or set aside as it came."""
    first = next(example)
    odd = [row.replace(b"%d" % EXAMPLE, b"%d" % first) for row in drawn]
    good = [gadget(first * 100 + 50 + number) for number in range(len(odd) // 4 + 1)]
    mixed = list(odd)
    for number, row in enumerate(good):
        mixed.insert(number * 4, json.dumps(row).encode())
    far_end.set("gadgets", *mixed)
    began = now()

    counts = counted(GADGETS, full=True)

    assert counts["rows_fetched"] == len(mixed)
    stored = records(GADGETS, first * 100)
    assert all(stored[row["id"]]["name"] == row["name"] for row in good)
    readings = [reading for _, reading in readable(odd)]
    for number, data in stored.items():
        assert number >= first * 100 + 50 or {name: data[name] for name in readings[0]} in readings
    known = [reading["id"] for reading in readings]
    # Of several rows of one key the last may wait for its parent, and the others with it.
    alone = [told for told in readable(odd) if known.count(told[1]["id"]) == 1]
    landed = {int(reading["id"] or 0) for row, reading in alone if is_good(row, reading)}
    assert landed & set(range(first * 100, first * 100 + 50)) <= set(stored)
    failed = FailedRecord.objects.filter(last_seen_at__gte=began)
    assert {bytes(raw) for raw in failed.values_list("raw", flat=True)} <= set(odd)


def readable(odd: list[bytes]) -> list[tuple[bytes, dict[str, str | None]]]:
    """The rows that plain Python can read, and what it reads."""
    return [(row, reading) for row in odd if (reading := expected(row))]


def any_order_of_versions(far_end: FarEnd, reads: list[list[tuple[int, int, str]]]) -> None:
    """The newest version of a record stands, whatever came before it, beside it or after it."""
    first = next(example) * 100
    newest: dict[int, tuple[int, str]] = {}
    for read in reads:
        rows = [
            gadget(first + number, name=name, updated_at=f"2026-01-0{version}T00:00:00Z")
            for number, version, name in read
        ]
        far_end.set("gadgets", *rows)

        counted(GADGETS, since="0001-01-01T00:00:00Z")  # everything, and nothing to be deleted

        for number in {number for number, _, _ in read}:
            top = max(version for known, version, _ in read if known == number)
            names = [name for known, version, name in read if (known, version) == (number, top)]
            before = newest.get(number, (0, ""))
            if top > before[0] or (top == before[0] and before[1] not in names):
                newest[number] = (top, names[-1])
    stored = records(GADGETS, first)
    found = {number: stored[first + number]["name"] for number in newest}
    assert found == {number: name for number, (_, name) in newest.items()}


def any_family(far_end: FarEnd, parts: list[tuple[int, int | None, int | None]]) -> None:
    """Children before, beside and after their parents, of each other and of themselves: each waits or lands, once."""
    first = next(example) * 100
    far_end.set(
        "parts",
        *(
            {
                "id": first + number,
                "gadget": of and first + of,
                "of": part and first + part,
                "name": f"Part {number}",
            }
            for number, of, part in parts
        ),
    )
    far_end.set("gadgets", gadget(first + 1))

    waiting = counted(PARTS, full=True)
    counted(GADGETS, full=True)
    while run_waiting("wake"):
        pass

    assert waiting["rows_fetched"] == len(parts)
    landed = _under_their_parents({number: (of, part) for number, of, part in parts})
    assert {number - first for number in records(PARTS, first)} == landed


def _under_their_parents(parts: dict[int, tuple[int | None, int | None]]) -> set[int]:
    """Those of which every parent above is there; a ring of parts, which came together, holds itself."""
    there = {number for number, (of, _) in parts.items() if of in (None, 1)}
    while True:
        left = {number for number in there if parts[number][1] is None or parts[number][1] in there}
        if left == there:
            return there
        there = left


def counted(path: str, **params: Any) -> dict[str, int]:
    """The counts of a sync, which add up."""
    counts = sync(path, **params)
    assert counts["rows_fetched"] == sum(counts.get(part, 0) for part in PARTS_OF_IT)
    return counts


def records(path: str, first: int) -> dict[int, dict[str, Any]]:
    """What the mirror holds of the hundred keys from `first` on, numbers as texts."""
    live = Record.objects.filter(entity_id=entity_id(path), deleted_at=None)
    rows = live.filter(data__id__gte=first, data__id__lt=first + 100).values_list("data", flat=True)
    return {int(data["id"]): {name: as_text(value) for name, value in data.items()} for data in rows}


def as_text(value: Any) -> str | None:
    return None if value is None else str(value)
