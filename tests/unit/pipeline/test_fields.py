"""Layer 5: words for true and false, defaults, several fields of one column."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import ConfigError
from sync.fields import Boolean, Bytes, Date, Decimal, Integer, Json, Text
from sync.pipeline.normalize import normalize
from sync.pipeline.validate import validate
from tests.unit.pipeline.staging import batch_of, read, refused, registered


def test_it_reads_the_words_for_true_and_false() -> None:
    assert read(Boolean(), "Yes", "N", True, b"0", "", None) == ["true", "false", "true", "false", None, None]
    assert read(Boolean(true=("T",), false=("F",)), "T", "f", True, False) == [
        "true",
        "false",
        "true",
        "false",
    ]


def test_it_refuses_other_words() -> None:
    (fault,) = refused(Boolean(true=("T",), false=("F",)), "yes")

    assert fault.code == "unreadable_boolean"
    assert fault.message == 'value: "yes" is neither true nor false; known words are T, F'


@pytest.mark.parametrize(
    ("field", "text", "canonical"),
    [
        (Bytes(), "DEADBEEF", "deadbeef"),
        (Bytes(), "0x00Ff", "00ff"),
        (Bytes(), b"12", "12"),
        (Bytes(), "", None),
        (Bytes(), None, None),
        (Bytes(nulls=("00",)), "00", None),
        (Bytes(encoding="base64"), "3q2+7w==", "deadbeef"),
        (Bytes(encoding="base64"), "3q2+\r\n7w==", "deadbeef"),
    ],
)
def test_it_reads_bytes(field: Bytes, text: object, canonical: str | None) -> None:
    assert read(field, text) == [canonical]


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (Bytes(), "ABC"),
        (Bytes(), "xyz1"),
        (Bytes(), "00 FF"),
        (Bytes(), "0x"),
        (Bytes(encoding="base64"), "3q2+7w="),
    ],
)
def test_it_refuses_what_are_no_bytes(field: Bytes, text: str) -> None:
    (fault,) = refused(field, text)

    assert fault.code == "unreadable_bytes"
    assert text in fault.message


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1))
def test_bytes_come_out_as_they_went_in(values: list[bytes]) -> None:
    digits = [value.hex() for value in values]

    assert read(Bytes(), *[text.upper() for text in digits]) == digits
    assert read(Bytes(encoding="base64"), *[b64encode(value).decode() for value in values]) == digits


def test_it_counts_bytes_where_that_is_declared() -> None:
    of = registered({"id": Integer(), "name": Text(max_bytes=5), "mark": Bytes(max_bytes=2)})
    rows = [{"id": 1, "name": "Grüße", "mark": "aabb"}, {"id": 2, "name": "Gruse", "mark": "aabbcc"}]

    batch = validate(normalize(batch_of(of, rows)))

    assert [(fault.code, fault.message) for aside in batch.aside for fault in aside.faults] == [
        ("too_long", "name: 7 bytes, at most 5 are allowed"),
        ("too_long", "mark: 3 bytes, at most 2 are allowed"),
    ]


def test_it_fills_defaults_where_there_is_nothing() -> None:
    assert read(Text(default="none"), None, "", "a") == ["none", "", "a"]
    assert read(Decimal(default="1.50"), None, "", "2") == ["1.5", "1.5", "2"]
    assert read(Boolean(default="false"), None, "T") == ["false", "true"]
    assert read(Text(default="none", empty_is_null=True, nulls=("-",)), "", "-") == ["none", "none"]


def test_it_does_not_hide_an_unreadable_value_behind_a_default() -> None:
    batch = normalize(batch_of(registered({"id": Integer(default="0")}), [{"id": "x"}, {"id": None}]))

    assert batch.faults[0][0].code == "unreadable_number"
    assert list(batch.faults) == [0]


def test_it_names_a_default_of_the_wrong_kind() -> None:
    with pytest.raises(ConfigError, match="The default of field value"):
        read(Date(default="today"), None)


def test_it_keeps_nested_values_in_json_fields_only() -> None:
    value = b'{"b": [1.50, {"z": null, "a": "x\\u0000"}], "a": true}'

    assert read(Json(), value, b'"abc"', b"1e3", None) == [
        '{"a":true,"b":[1.5,{"a":"x","z":null}]}', '"abc"', "1000", None,
    ]  # fmt: skip
    (fault,) = refused(Text(), value)
    assert fault.code == "nested_value"
    assert fault.value is not None


def test_it_reads_several_fields_from_one_column() -> None:
    fields = {"code": Text(source="c"), "amount": Decimal(source="c"), "day": Date(source="d"), "d": Text()}
    of = registered(fields, key=("code",))

    batch = normalize(batch_of(of, [b'{"c": 1.10, "d": "2024-1-5"}']))

    assert batch.frame.rows() == [(0, "1.10", "1.1", "2024-01-05", "2024-1-5")]


def test_it_notes_every_unreadable_field_of_a_row() -> None:
    of = registered({"id": Integer(), "day": Date(), "on": Boolean()})

    batch = normalize(batch_of(of, [{"id": "a", "day": "b", "on": "c"}]))

    assert [fault.field for fault in batch.faults[0]] == ["id", "day", "on"]
