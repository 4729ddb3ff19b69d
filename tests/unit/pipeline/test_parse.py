"""Rows of JSON: what is read by the page and what is read one by one must be the same."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.fields import Boolean, Decimal, Field, Integer, Json, Money, Text
from sync.number import number
from sync.pipeline.batch import Batch
from sync.pipeline.normalize import normalize
from tests.unit.pipeline.staging import batch_of, registered

FIELDS: dict[str, Field] = {
    "a": Text(),
    "b": Decimal(),
    "c": Decimal(source="b", decimal_comma=True),
    "d": Boolean(source="a"),
    "m": Money(),
    "n": Integer(),
}

digits = st.text("0123456789", min_size=1, max_size=40).map(lambda text: text.lstrip("0") or "0")
numbers = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "-"]),
    digits,
    st.one_of(st.just(""), st.text("0123456789", min_size=1, max_size=30).map(".{}".format)),
    st.sampled_from(["", "e3", "E+5", "e-7", "e400", "e-400", "e20"]),
)
strings = st.one_of(
    st.text(max_size=8).map(json.dumps),
    st.text(max_size=8).map(lambda text: json.dumps(text, ensure_ascii=False)),
    st.sampled_from(
        ['"\\ud800"', '"\\ud83d\\ude00"', '"\\"b\\": 5"', '"x\\u0000y"', '"[1"', '"{"', '"1.10"', '"\\/"']
    ),
    numbers.map('"{}"'.format),
)
nested = st.sampled_from(["{}", "[]", '{"a": 1}', '[{"b": 1.10}]', "[1.10]", '{"b": {"b": 2}}'])
broken = st.sampled_from(["NaN", "01", "1.", "+1", "", "tru", "'x'", '"\t"', '"\\x"'])
values = st.one_of(numbers, strings, st.sampled_from(["null", "true", "false"]), nested, broken)
names = st.sampled_from(['"a"', '"b"', '"b"', '"m"', '"n"', '"z"', '"\\u0062"', '"A"', '"a" ', '"\\"b"'])
members = st.lists(st.tuples(names, values).map(":".join), max_size=5)
objects = members.map(lambda parts: "{" + ", ".join(parts) + "}")
rows = st.one_of(
    objects,
    objects,
    st.tuples(objects, st.sampled_from([" ", "\n", "x", "\r", "\ufeff", "{}"])).map("".join),
    st.tuples(objects, st.integers(1, 9)).map(lambda cut: cut[0][: -cut[1]]),
    members.map(lambda parts: "{\n" + ",\n".join(parts) + "\n}"),
    st.sampled_from(["", "null", "[]", "5", " "]),
).map(lambda text: text.encode("utf-8", "surrogatepass"))


@given(st.lists(rows, max_size=6))
def test_it_reads_rows_by_the_page_as_it_reads_them_one_by_one(lines: list[bytes]) -> None:
    by_page = normalize(batch_of(registered(FIELDS, key=("a",)), lines))
    one_by_one = normalize(batch_of(registered({**FIELDS, "never": Json()}, key=("a",)), lines))

    assert by_page.frame.equals(one_by_one.frame.drop("never"))
    assert by_page.faults == one_by_one.faults


short = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "-"]),
    st.integers(0, 10**9).map(str),
    st.one_of(st.just(""), st.text("0123456789", min_size=1, max_size=7).map(".{}".format)),
)
plain = st.tuples(
    st.sampled_from(['"a"', '"b"', '"m"', '"n"', '"m" ', '"n" ']),
    st.one_of(
        short, short, short, short.map(' "{}"'.format), st.sampled_from(["null", "true", '"x"', '"1e3"'])
    ),
).map(":".join)


@given(st.lists(st.lists(plain, max_size=4), max_size=6))
def test_it_reads_short_numbers_by_the_page_as_it_reads_them_one_by_one(found: list[list[str]]) -> None:
    lines = [("{" + ",".join(members) + "}").encode() for members in found]
    by_page = normalize(batch_of(registered(FIELDS, key=("a",)), lines))
    one_by_one = normalize(batch_of(registered({**FIELDS, "never": Json()}, key=("a",)), lines))

    assert by_page.frame.equals(one_by_one.frame.drop("never"))
    assert by_page.faults == one_by_one.faults


@pytest.mark.parametrize(
    "token", ["12345678901234567", "0.1234567890123456", "100000000000000000000.5", "1e22", "0e5", "-12.5E-3"]
)
def test_it_keeps_numbers_that_a_float_does_not(token: str) -> None:
    batch = _read(b'{"a": "x", "m": %s, "n": 1}' % token.encode(), b'{"m": 1.50, "n": 2.0}')

    assert batch.frame["m"].to_list() == [number(token), "1.5"]


def test_it_shows_a_fraction_as_it_was_written() -> None:
    assert _read(b'{"n": 5.50}').faults[0][0].value == "5.50"


def test_it_keeps_every_digit_of_a_bare_number() -> None:
    forty = b"1234567890123456789012345678901234567890"
    batch = _read(b'{"a": 1.10, "b": 1.10}', b'{"a": 1e3, "b": 1e3}', b'{"a": %s, "b": -%s}' % (forty, forty))

    assert batch.frame["a"].to_list() == ["1.10", "1e3", forty.decode()]
    assert batch.frame["b"].to_list() == ["1.1", "1000", f"-{forty.decode()}"]


def test_it_sets_only_the_broken_row_of_a_page_apart() -> None:
    lines = [b'{"a": "%d", "b": %d}' % (row, row) for row in range(1000)]
    lines[500] = b'{"a": "half'

    batch = _read(*lines)

    assert list(batch.faults) == [500]
    assert batch.faults[500][0].code == "unreadable_row"
    assert batch.frame["a"].to_list() == [None if row == 500 else str(row) for row in range(1000)]


def test_it_takes_the_first_of_equal_names() -> None:
    batch = _read(b'{"a": "first", "a": 2, "b": 1.50, "b": "3"}')

    assert batch.frame.row(0, named=True)["a"] == "first"
    assert batch.frame.row(0, named=True)["b"] == "1.5"


def test_it_tells_a_row_that_is_no_object_from_one_that_is_no_json() -> None:
    batch = _read(b"[1]", b"{'a': 1}", b'{"a": NaN}', b"\xff")

    assert [batch.faults[row][0].code for row in range(4)] == ["unreadable_row"] * 3 + ["bad_unicode"]
    assert batch.faults[0][0].message == "The row is not a JSON object"


def test_it_reads_only_the_rows_it_is_asked_for() -> None:
    batch = batch_of(registered({"a": Integer()}, key=("a",)), [{"a": row} for row in range(5)])

    found = normalize(batch.with_frame(batch.frame.filter(batch.frame["_row"].is_in([1, 3]))))

    assert found.frame.rows() == [(1, "1"), (3, "3")]


def test_it_takes_column_names_by_their_exact_case() -> None:
    assert _read(b'{"A": "x"}').frame["a"].to_list() == [None]


def test_it_survives_nesting_of_any_depth() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000

    plain = _read(b'{"a": 1, "z": %s}' % deep)
    kept = normalize(batch_of(registered({"a": Json()}, key=("a",)), [b'{"a": %s}' % deep, b'{"a": 1}']))

    assert plain.faults[0][0].code == "unreadable_row"
    assert kept.faults[0][0].code == "unreadable_row"
    assert kept.frame["a"].to_list() == [None, "1"]


def test_it_takes_no_rows_for_an_answer() -> None:
    assert _read().frame.columns == ["_row", *FIELDS]


def _read(*lines: bytes) -> Batch:
    return normalize(batch_of(registered({**FIELDS, "d": Text(source="z")}, key=("a",)), lines))
