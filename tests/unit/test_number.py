"""Exact decimals from what far ends write."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import RecordError
from sync.number import number

READ = [
    ("0", "0"),
    ("-0", "0"),
    ("-0.00", "0"),
    ("007", "7"),
    ("+5", "5"),
    ("5.", "5"),
    (".5", "0.5"),
    ("1.10", "1.1"),
    ("1,000.50", "1000.5"),
    ("1 000 000", "1000000"),
    ("1'000.50", "1000.5"),
    ("1\u00a0000", "1000"),
    ("(5.00)", "-5"),
    ("5-", "-5"),
    ("- 5", "-5"),
    ("−5", "-5"),
    ("1e3", "1000"),
    ("1.5E-7", "0.00000015"),
    ("0e999999999", "0"),
    (
        "12345678901234567890123456789012345678901234567890.10",
        "12345678901234567890123456789012345678901234567890.1",
    ),
]
REFUSED = [
    "",
    "-",
    ".",
    "1,00",
    "1,0000",
    "1.000,50",
    "1,000 000",
    "--5",
    "(5",
    "-(5)",
    "5 5",
    "abc",
    "0x10",
    "NaN",
]
REFUSED += ["Infinity", "1e", "1e9999999999", "€ 10", "10 EUR", "٣", "1_000", "5%", "1\n2"]


@pytest.mark.parametrize(("text", "canonical"), READ)
def test_it_reads_a_number(text: str, canonical: str) -> None:
    assert number(text) == canonical


@pytest.mark.parametrize("text", REFUSED)
def test_it_refuses_what_is_no_number(text: str) -> None:
    with pytest.raises(RecordError, match="is not a number; accepted are") as caught:
        number(text)

    assert caught.value.code == "unreadable_number"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("€ 10", "10"),
        ("$1,000.50", "1000.5"),
        ("10 EUR", "10"),
        ("($5)", "-5"),
        ("-€10", "-10"),
        ("€-10", "-10"),
    ],
)
def test_it_reads_over_the_currency_of_money(text: str, canonical: str) -> None:
    assert number(text, money=True) == canonical


@pytest.mark.parametrize("text", ["€ 10 €", "ten 10", "10 euro", "€"])
def test_it_refuses_more_than_one_currency_around_money(text: str) -> None:
    with pytest.raises(RecordError):
        number(text, money=True)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [("1.000,50", "1000.5"), ("0,5", "0.5"), ("1.000", "1000"), ("1000", "1000"), ("5,-", None)],
)
def test_it_reads_a_declared_decimal_comma(text: str, canonical: str | None) -> None:
    assert number(text, decimal_comma=True) == (canonical or "-5")


@pytest.mark.parametrize("text", ["1,000.50", "1.00", "1.5"])
def test_it_refuses_a_point_where_a_comma_is_declared(text: str) -> None:
    with pytest.raises(RecordError, match="decimal comma is declared"):
        number(text, decimal_comma=True)


def test_it_takes_whole_numbers_only_where_asked() -> None:
    assert number("5.0", whole=True) == "5"
    with pytest.raises(RecordError) as caught:
        number("5.5", whole=True)
    assert caught.value.code == "not_whole"


@pytest.mark.parametrize("text", ["9" * 1001, "1e1000", "1e-1001", "0." + "1" * 1001])
def test_it_refuses_more_than_a_thousand_digits(text: str) -> None:
    with pytest.raises(RecordError) as caught:
        number(text)

    assert caught.value.code == "too_many_digits"


@pytest.mark.parametrize("text", ["9" * 1000, "0" * 2000 + "1", "1." + "0" * 2000, "1e999", "1e-1000"])
def test_it_keeps_up_to_a_thousand_digits(text: str) -> None:
    assert Decimal(number(text)) == Decimal(text)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value="-1e300", max_value="1e300"))
def test_it_keeps_the_exact_value_whatever_the_form(value: Decimal) -> None:
    canonical = number(str(value))

    assert Decimal(canonical) == value
    assert number(canonical) == canonical
    assert number(f"{value:f}") == canonical


@given(st.text())
def test_it_reads_or_refuses_any_text(text: str) -> None:
    for comma in (False, True):
        try:
            canonical = number(text, money=True, decimal_comma=comma)
        except RecordError:
            continue
        assert number(canonical) == canonical
