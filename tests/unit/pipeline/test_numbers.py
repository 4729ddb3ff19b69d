"""Layer 3: columns of numbers, the same as one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import RecordError
from sync.fields import Decimal, Field, Integer, Money
from sync.number import number
from sync.pipeline.normalize import normalize
from tests.unit.pipeline.staging import batch_of, read, refused, registered

FORTY = "1234567890123456789012345678901234567890"


def test_it_reads_decimals_exactly() -> None:
    assert read(Decimal(), b"1.10", b"1e3", b"0.1", FORTY.encode(), "1,000.50", "(5.00)", "5-", "-0.0") == [
        "1.1", "1000", "0.1", FORTY, "1000.5", "-5", "-5", "0",
    ]  # fmt: skip


def test_it_takes_a_blank_for_none() -> None:
    assert read(Money(), "", "  ", None) == [None, None, None]


def test_it_reads_whole_numbers() -> None:
    assert read(Integer(), "5.0", b"5.00", "1,000", "007", b"1e3", b"-0") == [
        "5",
        "5",
        "1000",
        "7",
        "1000",
        "0",
    ]


def test_it_reads_a_declared_decimal_comma_but_bare_numbers_by_their_point() -> None:
    field = Decimal(decimal_comma=True)

    assert read(field, "1.125", b"1.125", "1.000,50", b"1.5e3") == ["1125", "1.125", "1000.5", "1500"]


@pytest.mark.parametrize(
    ("field", "token", "code"),
    [
        (Integer(), "5.5", "not_whole"),
        (Integer(), "1,000.5", "not_whole"),
        (Decimal(), "12,34", "unreadable_number"),
        (Decimal(), "€ 10", "unreadable_number"),
        (Decimal(), True, "unreadable_number"),
        (Decimal(), [1], "nested_value"),
        (Decimal(), "9" * 1001, "too_many_digits"),
        (Decimal(), b"1e400000", "too_many_digits"),
    ],
)
def test_it_refuses_what_it_cannot_read_exactly(field: Field, token: object, code: str) -> None:
    (fault,) = refused(field, token)

    assert fault.code == code
    assert fault.message.startswith("value: ")


def test_it_cuts_the_value_of_a_fault() -> None:
    (fault,) = refused(Decimal(), "x" * 1000)

    assert fault.value == "x" * 200
    assert len(fault.message) < 300


forms = st.from_regex(
    r"[-+(]?[€$ ]?[0-9]{1,4}([,. '][0-9]{1,3}){0,3}(e[-+]?[0-9]{1,2})?[-) ]?", fullmatch=True
)

amounts = st.tuples(
    st.sampled_from(["", "€ ", "€", "EUR ", "eur ", "USD", "EURO ", "£  ", "-$", "¥\u00a0"]),
    st.from_regex(r"-?[0-9]{1,3}([.,][0-9]{1,3}){0,3}[.,]?", fullmatch=True),
    st.sampled_from(["", " €", "€", " EUR", "USD", "x", " ", "-"]),
).map("".join)


@given(
    st.lists(forms | amounts | st.text("0123456789,.-", max_size=6), min_size=1, max_size=8),
    st.booleans(),
    st.booleans(),
)
def test_it_reads_columns_as_it_reads_single_numbers(values: list[str], comma: bool, whole: bool) -> None:
    field: Field = Integer() if whole else Money(decimal_comma=comma)

    batch = normalize(
        batch_of(registered({"value": field}, key=("value",)), [{"value": value} for value in values])
    )

    for row, value in enumerate(values):
        assert batch.frame["value"][row] == _alone(value.strip(), comma=comma, whole=whole)
        assert (row in batch.faults) == (batch.frame["value"][row] is None and value.strip() != "")


def _alone(value: str, *, comma: bool, whole: bool) -> str | None:
    try:
        return number(value, money=not whole, decimal_comma=comma and not whole, whole=whole)
    except RecordError:
        return None
