"""Input that no far end should send: it costs its own rows at most, and every row is counted."""

from __future__ import annotations

import json

import pytest

from sync.errors import TransientError
from sync.keys import key_hash
from sync.models import FailedRecord, Record
from sync.registry import registry
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, run, sync

GADGETS = "shop.gadgets"


def adds_up(counts: dict[str, int]) -> bool:
    parts = ("inserted", "updated", "skipped", "failed", "pending")
    return counts["rows_fetched"] == sum(counts.get(part, 0) for part in parts)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param('"a\\u0000b"', id="nul"),
        pytest.param('"\\ud800"', id="half a surrogate pair"),
        pytest.param(json.dumps("x" * 10_000_000), id="ten megabytes"),
        pytest.param(json.dumps("".join(chr(0x4E00 + n % 20_000) for n in range(0, 90_000, 7))), id="long"),
        pytest.param('""', id="empty"),
    ],
)
def test_a_column_of_any_name_holds_nothing_back(far_end: FarEnd, name: str) -> None:
    odd = b'{"id": 2, "name": "Odd", %s: 1}' % name.encode()
    far_end.set("gadgets", gadget(1), odd, gadget(3))

    counts = sync(GADGETS)

    assert adds_up(counts)
    assert counts["rows_fetched"] == 3
    assert counts["inserted"] >= 2


def test_a_key_that_a_source_has_twice_does_not_change_with_every_read(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, name="One"), gadget(1, name="Two"))
    counts = [sync(GADGETS, full=True) for _ in range(3)]

    assert [(count["inserted"], count["updated"], count["skipped"]) for count in counts] == [
        (1, 0, 1),
        (0, 0, 2),
        (0, 0, 2),
    ]


@pytest.mark.parametrize("depth", [100, 1_000, 5_000, 100_000])
def test_a_row_of_any_depth_holds_nothing_back(far_end: FarEnd, depth: int) -> None:
    deep = b'{"id": 2, "name": "Deep", "more": %s%s}' % (b"[" * depth, b"]" * depth)
    far_end.set("gadgets", gadget(1), deep, gadget(3))

    counts = sync(GADGETS)

    assert adds_up(counts)
    assert counts["rows_fetched"] == 3
    assert counts["inserted"] >= 2


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00Z", "0999-12-31T23:59:59Z", "9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z"]
)
def test_a_cursor_at_the_end_of_time_stops_nothing(far_end: FarEnd, moment: str) -> None:
    far_end.set("gadgets", gadget(1, updated_at=moment))

    assert adds_up(sync(GADGETS))
    assert adds_up(sync(GADGETS))
    far_end.set("gadgets", gadget(1, updated_at=moment), gadget(2))
    assert sync(GADGETS, full=True)["inserted"] >= 1


@pytest.mark.parametrize("total", ["-1", "0", "1"])
def test_a_total_that_is_wrong_changes_no_count(far_end: FarEnd, total: str) -> None:
    far_end.refuse_with = (200, {}, _envelope(b'"total": ' + total.encode()))

    assert adds_up(sync(GADGETS))
    assert Record.objects.count() == 1


@pytest.mark.parametrize(
    "total", ["1e400", "9" * 400, "9" * 5000, "true", "null", '"1"', "1.5", "[]", "99999999999999999999"]
)
def test_a_total_that_cannot_be_is_told(far_end: FarEnd, total: str) -> None:
    far_end.refuse_with = (200, {}, _envelope(b'"total": ' + total.encode()))

    with pytest.raises(TransientError) as caught:
        sync(GADGETS)

    assert caught.value.code == "bad_envelope"


def _envelope(more: bytes) -> bytes:
    return b'{"items": [%s], %s}' % (json.dumps(gadget(1)).encode(), more)


LONG = "Grüße" * 2_000_000


@pytest.mark.parametrize(
    ("name", "value", "lands"),
    [
        ("note", LONG, True),
        pytest.param("price", "1" * 10_000_000, False, marks=pytest.mark.long),
        pytest.param("email", LONG, False, marks=pytest.mark.long),  # its index refuses it
        pytest.param("name", LONG, False, marks=pytest.mark.long),
        pytest.param("updated_at", LONG, False, marks=pytest.mark.long),
        pytest.param("maker", LONG, False, marks=pytest.mark.long),
    ],
)
def test_ten_megabytes_cost_their_own_row_at_most(
    far_end: FarEnd, name: str, value: str, lands: bool
) -> None:
    far_end.set("gadgets", gadget(1), gadget(2, **{name: value}), gadget(3))

    counts = sync(GADGETS)

    assert adds_up(counts)
    assert counts["inserted"] == 2 + lands
    assert FailedRecord.objects.count() == 1 - lands


@pytest.mark.parametrize("token", ['"\\ud800"', "NaN", '"\t"', '"\\x"', "01", "tru", '"\xff"'])
def test_a_value_that_is_no_json_costs_its_own_row(far_end: FarEnd, token: str) -> None:
    odd = b'{"id": 2, "name": "Odd", "note": %s}' % token.encode("latin-1")
    far_end.set("gadgets", gadget(1), odd, gadget(3))

    counts = sync(GADGETS)

    assert (counts["rows_fetched"], counts["inserted"], counts["failed"]) == (3, 2, 1)
    assert bytes(FailedRecord.objects.get().raw) == odd


def test_a_row_asked_for_by_its_key_may_be_odd(far_end: FarEnd) -> None:
    far_end.set("gadgets", b'{"id": 7, "name": "Odd", "note": "\\ud800"}')
    far_end.answer = lambda path, params: (200, {}, far_end.rows["gadgets"][0])  # type: ignore[method-assign]

    run("refresh", GADGETS, key={"id": "7"}, key_hash=key_hash(registry.find(GADGETS), {"id": "7"}).hex)

    assert FailedRecord.objects.get().code == "bad_unicode"


@pytest.mark.parametrize("cut", [0, 1, 10, 60, 90, -2, -1])
def test_a_page_cut_short_is_asked_for_again(far_end: FarEnd, cut: int) -> None:
    far_end.refuse_with = (200, {}, _envelope(b'"total": 1')[:cut])

    with pytest.raises(TransientError) as caught:
        sync(GADGETS)

    assert caught.value.code == "bad_envelope"
    assert Record.objects.count() == FailedRecord.objects.count() == 0
