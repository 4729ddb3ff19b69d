"""Keys in URLs and their hashes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import InvalidRequest
from sync.fields import Boolean, Integer, Text, Timestamp, upper
from sync.keys import key_hash, key_text, parse_key
from tests.unit.pipeline.staging import registered

CUSTOMERS = registered({"customer_id": Text(clean=(upper,)), "name": Text()}, key=("customer_id",))
LINES = registered(
    {"order_id": Integer(), "product_id": Integer(), "qty": Integer()}, key=("order_id", "product_id")
)


def test_it_hashes_the_specified_vector() -> None:
    items = registered({"item_number": Text()}, key=("item_number",))

    assert key_hash(items, {"item_number": "PART-12345"}).hex == "0b133500149ce20feaae194eca4d4909"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("ALFKI", "ALFKI"),
        ("alfki", "ALFKI"),
        ("a%2Cb", "A,B"),
        ("a,b", "A,B"),
        ("%20x%20", "X"),
        ("%C3%A9", "É"),
        ("e%CC%81", "É"),
        ("%2Fa", "/A"),
    ],
)
def test_it_reads_a_key_of_one_part(text: str, key: str) -> None:
    assert parse_key(CUSTOMERS, text) == {"customer_id": key}


@pytest.mark.parametrize("text", ["10248,11", "010248,11", "10248,11.0", "10%2C248,11"])
def test_it_reads_a_key_of_two_parts_as_normalize_would(text: str) -> None:
    assert parse_key(LINES, text) == {"order_id": "10248", "product_id": "11"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("10248", "has 1 part."),
        ("1,2,3", "has 3 parts"),
        ("x,1", 'order_id: "x" is not a number'),
        ("1.5,1", "is not a whole number"),
        (",1", "order_id is blank"),
        ("%FF,1", "is not UTF-8"),
    ],
)
def test_it_says_how_a_key_is_written(text: str, problem: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_key(LINES, text)

    assert caught.value.code == "invalid_key"
    assert problem in caught.value.message
    assert caught.value.message.endswith("is written {order_id},{product_id}, each part percent-encoded.")


def test_it_writes_the_key_of_served_data() -> None:
    assert key_text(LINES, {"order_id": 10248, "product_id": 11, "qty": 3}) == "10248,11"
    assert key_text(CUSTOMERS, {"customer_id": "A,B/é"}) == "A%2CB%2F%C3%A9"
    assert key_text(registered({"on": Boolean()}, key=("on",)), {"on": True}) == "true"


def test_it_refuses_a_key_with_a_part_missing() -> None:
    with pytest.raises(InvalidRequest, match="product_id is missing"):
        key_hash(LINES, {"order_id": "1"})
    with pytest.raises(InvalidRequest, match="order_id is missing"):
        key_text(LINES, {"product_id": 1})


def test_it_takes_moments_in_their_canonical_form() -> None:
    of = registered({"at": Timestamp(fraction=3)}, key=("at",))

    assert parse_key(of, "2025-12-08T10%3A30%3A00Z") == {"at": "2025-12-08T10:30:00.000Z"}


def test_it_does_not_mistake_one_key_for_another() -> None:
    of = registered({"a": Text(), "b": Text()}, key=("a", "b"))

    assert key_hash(of, {"a": "1|b=2", "b": "3"}) != key_hash(of, {"a": "1", "b": "2|b=3"})


@given(st.text(), st.text(), st.integers())
def test_it_reads_what_it_writes(left: str, right: str, number: int) -> None:
    of = registered({"a": Text(), "n": Integer(), "b": Text()}, key=("a", "n", "b"))
    key = parse_key(of, key_text(of, {"a": left, "b": right, "n": number}))

    assert parse_key(of, key_text(of, key)) == key
    assert key["n"] == str(number)
