"""Layer 3: columns of numbers, the same as one by one."""

from __future__ import annotations

import decimal
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.canonical import FORMS
from sync.errors import RecordError
from sync.fields import Decimal, Field, Integer, Money, Rounding
from sync.number import number
from sync.pipeline.normalize import normalize
from sync.pipeline.validate import validate
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


@pytest.mark.parametrize(
    ("field", "text", "canonical"),
    [
        (Decimal(), ".5", "0.5"),
        (Decimal(), "-.50", "-0.5"),
        (Decimal(), "5.", "5"),
        (Decimal(), "1.5E+03", "1500"),
        (Decimal(), "+007", "7"),
        (Decimal(), "(5.00)", "-5"),
        (Decimal(), "5-", "-5"),
        (Decimal(), "−5", "-5"),
        (Decimal(), "  ", None),
        (Money(), "€ 10", "10"),
        (Money(), "(1,234.50 USD)", "-1234.5"),
        (Decimal(digits=5, places=2), "999.99", "999.99"),
        (Decimal(digits=5, places=2, rounding="half_up"), "0.125", "0.13"),
        (Decimal(digits=5, places=2, rounding="half_up"), "-0.125", "-0.13"),
        (Decimal(digits=5, places=2, rounding="half_even"), "0.125", "0.12"),
        (Decimal(digits=5, places=2, rounding="down"), "-0.129", "-0.12"),
        (Decimal(places=2, rounding="half_up"), "-0.004", "0"),
        (Decimal(places=0, rounding="half_up"), "99.5", "100"),
        (Decimal(places=0, rounding="down"), "100.9", "100"),
        (Decimal(places=-2, rounding="half_up"), "149.99", "100"),
        (Decimal(places=-2, rounding="half_up"), "-150", "-200"),
        (Decimal(places=-2, rounding="half_up"), "49", "0"),
        (Decimal(places=2, rounding="half_up"), b"0.30000000000000004", "0.3"),
        (
            Decimal(places=1, rounding="half_up"),
            f"{FORTY}.{'9' * 40}",
            "1234567890123456789012345678901234567891",
        ),
        (Decimal(digits=3, places=5), "0.00999", "0.00999"),
        (Integer(digits=3), "-999", "-999"),
    ],
)
def test_it_reads_what_oracle_and_people_write(field: Field, text: object, canonical: str | None) -> None:
    assert read(field, text) == [canonical]


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        (Decimal(digits=5, places=2), "0.125", "too_many_places"),
        (Decimal(digits=5, places=2), "1000", "too_many_digits"),
        (Decimal(digits=5, places=2, rounding="half_up"), "999.995", "too_many_digits"),
        (Decimal(places=-2), "150", "too_many_places"),
        (Decimal(digits=3, places=3), "1", "too_many_digits"),
        (Decimal(digits=3, places=5), "0.01", "too_many_digits"),
        (Decimal(digits=3, places=-2), "100000", "too_many_digits"),
        (Integer(digits=3), "1000", "too_many_digits"),
    ],
)
def test_it_refuses_what_does_not_fit_into_its_number(field: Field, text: str, code: str) -> None:
    batch = validate(normalize(batch_of(registered({"value": field}, key=("value",)), [{"value": text}])))

    assert [fault.code for fault in batch.aside[0].faults] == [code]
    assert batch.aside[0].faults[0].field == "value"


def test_it_counts_what_it_rounded_as_declared() -> None:
    field = Decimal(places=2, rounding="half_up")

    batch = normalize(
        batch_of(
            registered({"value": field}, key=("value",)), [{"value": text} for text in ("1.005", "1.00", "2")]
        )
    )

    assert batch.frame["value"].to_list() == ["1.01", "1", "2"]
    assert batch.counts["rounded"] == 1


ROUNDINGS: dict[Rounding, str] = {
    "half_up": "ROUND_HALF_UP",
    "half_even": "ROUND_HALF_EVEN",
    "down": "ROUND_DOWN",
}
plain = st.from_regex(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{0,24}[1-9])?", fullmatch=True)


@given(st.lists(plain, min_size=1), st.integers(-3, 22), st.sampled_from(list(ROUNDINGS)))
def test_it_rounds_as_decimal_arithmetic_does(values: list[str], places: int, how: Rounding) -> None:
    exact = decimal.Context(prec=100)
    unit = decimal.Decimal(1).scaleb(-places)

    found = read(Decimal(places=places, rounding=how), *values)

    expected = [decimal.Decimal(value).quantize(unit, ROUNDINGS[how], exact) for value in values]
    assert [decimal.Decimal(text or "") for text in found] == expected
    assert all(re.search(FORMS["decimal"], text or "") for text in found)


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
