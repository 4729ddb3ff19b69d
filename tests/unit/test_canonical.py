"""One value's canonical text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.canonical import canonical, json_text, read_json
from sync.errors import RecordError
from sync.fields import Boolean, Bytes, Date, Decimal, Field, Integer, Json, Text, Timestamp, lower


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        (Text(), " ALFKI ", "ALFKI"),
        (Text(trim=False), " ALFKI ", " ALFKI "),
        (Text(clean=(lower,)), "ALFKI", "alfki"),
        (Text(), "", ""),
        (Text(empty_is_null=True), " ", None),
        (Text(trim="end"), " A ", " A"),
        (Text(nulls=("N/A",), trim=False), " N/A ", None),
        (Decimal(nulls=("-",)), "-", None),
        (Bytes(), "00FF", "00ff"),
        (Bytes(), "", None),
        (Integer(), "010", "10"),
        (Integer(), " ", None),
        (Decimal(decimal_comma=True), "1.5", "1.5"),
        (Boolean(), "YES", "true"),
        (Boolean(true=("T",), false=("F",)), "false", "false"),
        (Date(), "2025-12-08", "2025-12-08"),
        (Timestamp(), "2025-12-08T10:30:00Z", "2025-12-08T10:30:00Z"),
        (Timestamp(fraction=3), "2025-12-08T10:30:00Z", "2025-12-08T10:30:00.000Z"),
        (Json(), '{"b": 1.50, "a": [true, null]}', '{"a":[true,null],"b":1.5}'),
    ],
)
def test_it_gives_the_canonical_text(field: Field, text: str, expected: str | None) -> None:
    assert canonical(field, text) == expected


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        (Integer(), "x", "unreadable_number"),
        (Integer(), "1.5", "not_whole"),
        (Boolean(), "maybe", "unreadable_boolean"),
        (Bytes(), "0", "unreadable_bytes"),
        (Date(), "2025-02-30", "unreadable_date"),
        (Date(), "20251208", "unreadable_date"),
        (Timestamp(), "2025-12-08", "unreadable_timestamp"),
        (Timestamp(), "2025-12-08T25:00:00Z", "unreadable_timestamp"),
        (Timestamp(), "2025-12-08T10:30:00+01:00", "unreadable_timestamp"),
        (Json(), "{", "unreadable_json"),
        (Json(), "[" * 100_000, "unreadable_json"),
        (Json(), "NaN", "unreadable_json"),
    ],
)
def test_it_names_what_is_wrong(field: Field, text: str, code: str) -> None:
    with pytest.raises(RecordError) as caught:
        canonical(field, text)

    assert caught.value.code == code


def test_it_writes_the_numbers_of_json_exactly() -> None:
    assert (
        json_text(read_json("[1.10, 1e3, 12345678901234567890123, -0.0]"))
        == "[1.1,1000,12345678901234567890123,0]"
    )


def test_it_cleans_the_texts_inside_json() -> None:
    assert json_text(read_json('{"e\\u0301": "a\\u0000b"}')) == '{"é":"ab"}'


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=("Cs", "Cc"))),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(VALUES)
def test_it_keeps_any_json_value(value: Any) -> None:
    text = canonical(Json(), json.dumps(value))

    assert text is not None
    assert canonical(Json(), text) == text
    assert json.loads(text) == json.loads(json.dumps(_composed(value)))


def _composed(value: Any) -> Any:
    """The value with its texts in NFC."""
    import unicodedata

    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [_composed(part) for part in value]
    return {name: _composed(part) for name, part in value.items()} if isinstance(value, dict) else value
