"""Pages split into rows: whatever the bytes, rows come out as they went in, or the page is refused as a whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import TransientError
from sync.http import Answer
from sync.sources.envelope import Envelope, opened
from sync.sources.paging import Cursor, Offset
from sync.sources.splitting import place_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
GOOD = JSON.map(lambda value: json.dumps(value).encode())
ODD = st.sampled_from(
    [
        b'{"a": "\\ud800"}',
        b"NaN",
        b'{"a": "\t"}',
        b'{"a": 01}',
        b'{"\\x": 1}',
        b"[" * 5_000 + b"]" * 5_000,
        b'"\\u12"',
    ]
)
PATHS: list[tuple[str | None, bytes, bytes]] = [
    ("items", b'{"total": 1, "items": [', b'], "more": {"items": []}}'),
    ("data.items", b'{"items": [], "data": {"n": {}, "items": [', b']}, "total": 1}'),
    (None, b" [", b"]\n"),
]


def outcome(act: Callable[[], Any]) -> Any:
    """What came of it; BAD where the answer was told to be none."""
    try:
        return act()
    except TransientError as error:
        return error.code


BAD = "bad_envelope"


def told(body: bytes) -> Answer:
    return Answer(status=200, body=body, asked_at=datetime.now(UTC), system="shop", address="GET /x")


@given(st.sampled_from(PATHS), st.lists(GOOD | ODD, max_size=6), st.sampled_from([b",", b" ,\n "]))
def test_rows_come_out_as_they_went_in(
    path: tuple[str | None, bytes, bytes], rows: list[bytes], comma: bytes
) -> None:
    items, before, after = path

    assert list(opened(told(before + comma.join(rows) + after), items).rows) == rows


@given(st.sampled_from(PATHS), st.lists(GOOD, max_size=6))
def test_brackets_and_quotes_tell_the_same_as_a_strict_reader(
    path: tuple[str | None, bytes, bytes], rows: list[bytes]
) -> None:
    items, before, after = path
    body = before + b",".join(rows) + after

    place = place_of(body, items.split(".") if items else ())

    assert place
    assert place.elements(body) == list(opened(told(body), items).rows)


@given(st.sampled_from(PATHS), st.lists(GOOD | ODD, max_size=4), st.data())
def test_a_page_cut_at_any_byte_is_refused(
    path: tuple[str | None, bytes, bytes], rows: list[bytes], data: st.DataObject
) -> None:
    items, before, after = path
    body = (before + b",".join(rows) + after).strip()
    cut = data.draw(st.integers(0, len(body) - 1))

    with pytest.raises(TransientError) as caught:
        opened(told(body[:cut]), items)

    assert caught.value.code == "bad_envelope"


@given(
    st.sampled_from(PATHS),
    st.lists(GOOD, max_size=4),
    st.lists(
        st.tuples(st.floats(0, 1), st.binary(max_size=2) | st.sampled_from([b'"', b"[", b"}", b",", b"\\"])),
        max_size=4,
    ),
)
def test_no_bytes_do_worse_than_be_refused(
    path: tuple[str | None, bytes, bytes], rows: list[bytes], spots: list[tuple[float, bytes]]
) -> None:
    items, before, after = path
    body = bytearray(before + b",".join(rows) + after)
    for place, put in spots:
        at = int(place * len(body))
        body[at : at + 1] = put

    found = outcome(lambda: opened(told(bytes(body)), items).rows)

    assert found == BAD or all(row.strip() == row != b"" for row in found)


@pytest.mark.parametrize(
    "body",
    [
        b'{"items": [1,]}',
        b'{"items": [,1]}',
        b'{"items": [NaN], "total": NaN}',
        b'{"items": [NaN]} {}',
        b'x {"items": [NaN]}',
        b'{"items": {"a": NaN}}',
        b'{"items": [NaN}]',
        b'{"other": [NaN]}',
        b'"items"',
        b"",
        b"null",
        b'{"items": ["' + b'\\"' * 200_000,
    ],
)
def test_a_page_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(TransientError, match="is not a JSON object with an array `items`"):
        opened(told(body), "items")


def test_what_stands_around_odd_rows_is_still_read() -> None:
    envelope = opened(told(b'{"total": 3, "items": [{"a": NaN}], "page": {"next": "x"}}'), "items")

    assert (envelope.number("total"), envelope.value("page.next")) == (3, "x")


@given(st.integers() | st.floats() | JSON)
def test_a_number_of_rows_is_one_or_told_not_to_be(total: object) -> None:
    envelope = Envelope(rows=[], parts={"total": total}, what="The answer")

    is_whole = isinstance(total, int) and not isinstance(total, bool)

    assert outcome(lambda: envelope.number("total")) == (total if is_whole else BAD)


@given(JSON | st.sampled_from(["\x00", "\ud800", "a\x00"]))
def test_a_token_can_be_kept_and_asked_with_or_is_told_not_to_be_one(token: object) -> None:
    envelope = Envelope(rows=[b"1"], parts={"next": token}, what="The answer")

    place = outcome(lambda: Cursor().following(None, 10, envelope))

    if place not in (None, BAD):
        json.dumps(place, ensure_ascii=False).encode()
        assert Cursor().ask(place, 10)["cursor"] == str(token)
        assert "\x00" not in str(token)


@given(JSON, st.integers(0, 3))
def test_whether_more_follows_is_told_or_the_page_is_refused(more: object, rows: int) -> None:
    envelope = Envelope(rows=[b"1"] * rows, parts={"more": more}, what="The answer")

    place = outcome(lambda: Offset(more="more").following(None, 3, envelope))

    assert place == (None if more is not True else {"offset": rows} if rows else BAD)
