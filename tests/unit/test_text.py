"""Text in its stored form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import RecordError
from sync.text import clean_text


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("  a b\u00a0", "a b"),
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("a\x00b\x1fc\x7f", "abc"),
        ("a\tb", "a\tb"),
        ("\x00 a", "a"),
        ("e\u0301", "é"),
        ("\u0080", "\u0080"),
        ("   ", ""),
    ],
)
def test_it_cleans_text(text: str, stored: str) -> None:
    assert clean_text(text) == stored


def test_it_keeps_the_blanks_around_where_asked() -> None:
    assert clean_text(" a\r\n", trim=False) == " a\n"


def test_it_refuses_half_a_surrogate_pair() -> None:
    with pytest.raises(RecordError) as caught:
        clean_text("ab\ud800")

    assert caught.value.code == "bad_unicode"


@given(st.text())
def test_it_changes_clean_text_no_further(text: str) -> None:
    assert clean_text(clean_text(text)) == clean_text(text)
