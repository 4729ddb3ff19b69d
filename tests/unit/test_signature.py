"""What failures of one cause share."""

from __future__ import annotations

import pytest

from sync.signature import shape, signature


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('price: "many" is not a number', 'price: "few" is not a number'),
        ("name: 41 characters, at most 40 are allowed", "name: 1,041 characters, at most 40 are allowed"),
        ('name: "aaa…" (41 characters) is odd', 'name: "bbb" is odd'),
        ("asked at 2026-01-01T00:00:00Z", "asked at 2026-01-02T10:30:00.5+01:00"),
        (
            "job 0196a1b2-0000-7000-8000-000000000001 is gone",
            "job 0196a1b2-ffff-7000-8000-abcdefabcdef is gone",
        ),
        ("Key 'a' is there", "Key 'b c' is there"),
    ],
)
def test_what_differs_from_failure_to_failure_does_not_count(one: str, other: str) -> None:
    assert shape(one) == shape(other)


def test_words_count() -> None:
    assert shape("price: too high") != shape("price: too low")


def test_a_value_with_quotes_in_it_is_one_value() -> None:
    assert shape('name: "a "b" c" is odd', 'a "b" c') == shape('name: "plain" is odd')


def test_entity_stage_code_and_field_count() -> None:
    told = ("shop.gadgets", "validate", "too_long", "name", "too long")

    others = [(*told[:at], "other", *told[at + 1 :]) for at in range(4)]

    assert len({signature(*each) for each in [told, *others]}) == 5


def test_half_a_surrogate_pair_is_no_obstacle() -> None:
    assert signature("shop.gadgets", "normalize", "odd", None, "\ud800 is odd")
