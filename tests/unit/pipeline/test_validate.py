"""Stage 3: what a row must be; every fault of it, and what is kept of it."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from sync.errors import ConfigError
from sync.fields import Date, Decimal, Field, Integer, Money, Text, Timestamp
from sync.keys import key_hash
from sync.pipeline.batch import Batch
from sync.pipeline.normalize import normalize
from sync.pipeline.validate import validate
from tests.unit.pipeline.staging import batch_of, registered, through

BEYOND = "is beyond 9007199254740991; only a field declared wide keeps it"


def told(field: Field, value: Any) -> list[tuple[str, str]]:
    """Code and message of the faults of one value."""
    batch = through(
        batch_of(registered({"value": field}, key=("value",)), [{"value": value}]), normalize, validate
    )
    return [(fault.code, fault.message) for row in batch.aside for fault in row.faults]


@pytest.mark.parametrize(
    ("field", "value", "code", "message"),
    [
        (Text(required=True), None, "required", "value: a value is required, none was found"),
        (Text(required=True), "  ", "required", "value: a value is required, none was found"),
        (Text(max_length=254), "x" * 310, "too_long", "value: 310 characters, at most 254 are allowed"),
        (Text(allowed=("a", "b")), "c", "not_allowed", 'value: "c" is not one of a, b'),
        (Text(pattern="[a-z]+"), "ab1", "wrong_pattern", 'value: "ab1" does not look like [a-z]+'),
        (Integer(minimum=1), 0, "too_small", 'value: "0" is less than 1'),
        (Integer(maximum=9), 10, "too_large", 'value: "10" is more than 9'),
        (Integer(), 2**53, "too_large", f'value: "9007199254740992" {BEYOND}'),
        (Integer(), -(2**60), "too_large", f'value: "-1152921504606846976" {BEYOND}'),
        (Decimal(minimum="0"), "-0.01", "too_small", 'value: "-0.01" is less than 0'),
        (Money(maximum="0.1"), "0.1000000000000000000001", "too_large",
         'value: "0.1000000000000000000001" is more than 0.1'),
    ],
)  # fmt: skip
def test_it_says_what_is_wrong(field: Field, value: Any, code: str, message: str) -> None:
    assert told(field, value) == [(code, message)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (Text(required=True), "0"),
        (Text(max_length=3), "äöü"),
        (Text(pattern="a|bc"), "bc"),
        (Text(allowed=("a",)), None),
        (Integer(minimum=1, maximum=9), 9),
        (Integer(), 2**53 - 1),
        (Integer(wide=True), 2**80),
        (Decimal(minimum="0.1"), "0.10"),
        (Decimal(maximum="12345678901234567890"), "12345678901234567890"),
        (Decimal(minimum="-1e300"), None),
    ],
)
def test_it_lets_pass_what_is_right(field: Field, value: Any) -> None:
    assert told(field, value) == []


def test_it_gathers_all_faults_of_a_row() -> None:
    of = registered({"id": Integer(required=True), "name": Text(max_length=2), "day": Date()})

    batch = through(batch_of(of, [{"name": "abc", "day": "x"}, {"id": 1, "name": "ab"}]), normalize, validate)

    assert batch.frame["_row"].to_list() == [1]
    assert batch.faults == {}
    (aside,) = batch.aside
    assert [(fault.stage, fault.code) for fault in aside.faults] == [
        ("normalize", "unreadable_date"), ("validate", "required"), ("validate", "too_long"),
    ]  # fmt: skip
    assert aside.normalized == {"id": None, "name": "abc"}
    assert aside.key_hash is None


def test_it_keeps_key_and_version_of_a_row_set_aside() -> None:
    fields = {"id": Integer(), "at": Timestamp(), "amount": Money(maximum="1")}
    of = registered(fields, cursor="at")
    row = {"id": "07", "at": "1970-01-01T00:00:01Z", "amount": 5}

    (aside,) = through(batch_of(of, [row]), normalize, validate).aside

    assert aside.key_hash == key_hash(of, {"id": "7"})
    assert aside.version == 1_000_000


def test_it_asks_nothing_more_of_a_row_that_could_not_be_read() -> None:
    of = registered({"id": Integer(required=True), "name": Text(required=True)})

    (aside,) = through(batch_of(of, [b"{"]), normalize, validate).aside

    assert [fault.code for fault in aside.faults] == ["unreadable_row"]
    assert aside.normalized is None


def test_it_does_not_call_an_unreadable_value_missing() -> None:
    of = registered({"id": Integer(required=True)})

    (aside,) = through(batch_of(of, [{"id": "x"}]), normalize, validate).aside

    assert [fault.code for fault in aside.faults] == ["unreadable_number"]


def later_than_start() -> pl.Expr:
    return pl.col("end") < pl.col("start")


def test_it_asks_the_entitys_own_rules_of_readable_fields() -> None:
    rule = ("ends_early", "The end lies before the start.", later_than_start)
    of = registered({"id": Integer(), "start": Date(), "end": Date()}, rules=(rule,))
    rows = [
        {"id": 1, "start": "2024-01-02", "end": "2024-01-01"},
        {"id": 2, "start": "2024-01-02", "end": None},
        {"id": 3, "start": "2024-01-02", "end": "x"},
    ]

    batch = through(batch_of(of, rows), normalize, validate)

    assert {row.row: [fault.code for fault in row.faults] for row in batch.aside} == {
        0: ["ends_early"], 2: ["unreadable_date"],
    }  # fmt: skip
    assert batch.aside[0].faults[0].message == "The end lies before the start."


@pytest.mark.parametrize("broken", [lambda: pl.col("nothing") == "", pl.col("id").list.first])
def test_it_names_a_rule_that_cannot_be_asked(broken: Any) -> None:
    of = registered({"id": Integer()}, rules=(("odd", "Odd.", broken),))

    with pytest.raises(ConfigError):
        through(batch_of(of, [{"id": 1}]), normalize, validate)


@pytest.mark.parametrize(
    ("field", "mended"),
    [
        (Integer(), "1,000"),
        (Integer(minimum=0, maximum=9), "nan"),
        (Integer(), "x" * 30),
        (Decimal(minimum="0"), "1.0"),
        (Date(), "2024-02-30"),
        (Timestamp(), "2024-01-01"),
    ],
)
def test_it_refuses_mended_values_that_are_not_canonical(field: Field, mended: str) -> None:
    frame = pl.DataFrame({"_row": pl.Series([0], dtype=pl.UInt32), "value": [mended]})
    batch = Batch(registered=registered({"value": field}, key=("value",)), raw=[b"{}"], frame=frame)

    (aside,) = validate(batch).aside

    assert "wrong_type" in [fault.code for fault in aside.faults]


def test_it_leaves_the_faults_of_other_rows_alone() -> None:
    of = registered({"id": Integer()})

    batch = through(batch_of(of, [{"id": 1}, {"id": "x"}, {"id": 3}]), normalize, validate)

    assert batch.frame["id"].to_list() == ["1", "3"]
    assert [row.row for row in batch.aside] == [1]
