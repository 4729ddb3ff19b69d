"""Layer 5: words for true and false, defaults, several fields of one column."""

from __future__ import annotations

import pytest

from sync.errors import ConfigError
from sync.fields import Boolean, Date, Decimal, Integer, Json, Text
from sync.pipeline.normalize import normalize
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


def test_it_fills_defaults_where_there_is_nothing() -> None:
    assert read(Text(default="none"), None, "", "a") == ["none", "", "a"]
    assert read(Decimal(default="1.50"), None, "", "2") == ["1.5", "1.5", "2"]
    assert read(Boolean(default="false"), None, "T") == ["false", "true"]


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
