"""Numbers that people type: read, or refused with what would do."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable

import pytest

from bridge.verbs import budget, values


@pytest.mark.parametrize(
    ("read", "text", "words"),
    [
        (values.count, "0", "'0' is no whole number from 1 to 10,000."),
        (values.count, "many", "'many' is no whole number from 1 to 10,000."),
        (values.patience, "-1", "'-1' is no whole number from 0 to 86,400."),
        (values.number, "first", "'first' is no id: write the whole number that the list shows."),
        (values.seconds, "nan", "'nan' is no number of seconds above 0 and up to 86,400."),
        (values.days, "soon", "'soon' is no number of days above 0 and up to 36,500."),
        (values.names, " , ", "write at least one name, with commas between several."),
        (budget.amount, "fast", "'fast' is not a number: write one, or none for no limit."),
        (budget.whole, "1.5", "'1.5' is not a whole number: write one, or none for no limit."),
    ],
)
def test_what_cannot_be_read_says_what_would_do(read: Callable[[str], object], text: str, words: str) -> None:
    with pytest.raises(ArgumentTypeError) as raised:
        read(text)

    assert str(raised.value) == words


def test_what_can_be_read_is() -> None:
    assert (values.count("10000"), values.patience("0"), values.seconds("0.5")) == (10_000, 0, 0.5)
    assert values.names("a, b,") == ["a", "b"]
    assert values.number("10001") == 10_001, "there are more rows than anybody lists"
