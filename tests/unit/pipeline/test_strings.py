"""Layer 2: text as it is stored."""

from __future__ import annotations

import re
import unicodedata

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sync.errors import ConfigError
from sync.fields import (
    Date,
    Decimal,
    Field,
    Text,
    blank_to_null,
    collapse,
    lookup,
    lower,
    pad,
    replace,
    trim,
)
from sync.pipeline.normalize.strings import COMPOSED
from sync.text import clean_text
from tests.unit.pipeline.staging import read, refused

texts = st.text(st.characters(codec="utf-8") | st.sampled_from("\r\n\t \x00\x85\u00a0e\u0301"))
marks = st.characters(codec="utf-8", categories=("Mn", "Mc", "Lo")) | st.sampled_from(
    "a\u0300\u1161\u11a8\uac00"
)


def test_it_leaves_only_those_characters_alone_that_never_change_nor_join() -> None:
    composed = re.compile(f"[{re.sub('u{([0-9a-f]+)}', lambda code: f'u{code[1]:>04}', COMPOSED)}]")
    stable = [chr(code) for code in range(0x3400) if composed.match(chr(code))]

    assert len(stable) > 1_000
    for character in stable:
        assert unicodedata.normalize("NFC", character) == character
        assert not unicodedata.combining(character)
        for before in "aeouAEOU가か":
            assert unicodedata.normalize("NFC", before + character) == before + character


@given(st.lists(st.text(marks), min_size=1))
@example(["\u1100\u1161\u11a8", "\uac00\u11a8", "か\u3099", "\u212b", "\u0344"])
def test_it_composes_what_can_be_composed(values: list[str]) -> None:
    assert read(Text(), *values) == [clean_text(value) for value in values]


@given(st.lists(texts, min_size=1))
def test_it_cleans_columns_as_it_cleans_single_values(values: list[str]) -> None:
    assert read(Text(), *values) == [clean_text(value) for value in values]
    assert read(Text(trim=False), *values) == [clean_text(value, trim=False) for value in values]


def test_it_applies_the_cleaning_steps_in_order_after_trimming() -> None:
    assert read(Text(clean=(collapse, lower, blank_to_null)), " A  B ", "  ", None) == ["a b", None, None]


PADDED = Text(trim="end", empty_is_null=True)


@pytest.mark.parametrize(
    ("field", "text", "stored"),
    [
        (PADDED, "ALFKI     ", "ALFKI"),
        (PADDED, "  A ", "  A"),
        (PADDED, "A\t ", "A\t"),
        (PADDED, "     ", None),
        (PADDED, "", None),
        (Text(), "", ""),
        (Text(empty_is_null=True), " \t ", None),
        (Text(empty_is_null=True, trim=False), " ", " "),
        (Text(empty_is_null=True, clean=(trim,), trim=False), " ", None),
        (Text(nulls=("N/A", "-")), " N/A ", None),
        (Text(nulls=("N/A", "-")), "n/a", "n/a"),
        (Text(nulls=("N/A", "-"), trim=False), " - ", None),
        (Text(nulls=("NULL",), clean=(lower,)), "NULL", None),
        (Text(nulls=("é",)), "e\u0301", None),
        (Decimal(nulls=("-", "9999")), "-", None),
        (Decimal(nulls=("-", "9999")), b"9999", None),
        (Decimal(nulls=("-", "9999")), b"9999.0", "9999"),
        (Date(nulls=("0000-00-00",)), "0000-00-00", None),
        (Text(nulls=("true",)), True, None),
        (Text(clean=(pad(5, char="0"),)), "42", "00042"),
        (Text(clean=(pad(5, side="right"),), trim=False), "42", "42   "),
        (Text(clean=(replace(r"^(\w+)-(\d+)$", "$2/$1"),)), "A-1", "1/A"),
        (Text(clean=(lookup({"US": "USA", "??": None}),)), "US", "USA"),
        (Text(clean=(lookup({"US": "USA", "??": None}),)), "??", None),
        (Text(clean=(lookup({"US": "USA"}),)), "FR", "FR"),
        (Text(clean=(lookup({"US": "USA"}, otherwise="null"),)), "FR", None),
    ],
)
def test_it_stores_text_as_its_source_means_it(field: Field, text: object, stored: str | None) -> None:
    assert read(field, text) == [stored]
    assert read(field, None, text, None) == [None, stored, None]


@given(st.lists(texts, min_size=1))
def test_padding_says_nothing_and_what_stands_before_it_stays(values: list[str]) -> None:
    expected = [clean_text(value, trim="end") or None for value in values]

    assert read(PADDED, *values) == expected
    assert read(PADDED, *[f"{value}   " for value in values]) == expected


def test_it_keeps_a_text_of_ten_megabytes() -> None:
    long = "Grüße\n" * 2_000_000

    assert read(Text(), long) == [long.rstrip()]


def test_it_cleans_before_numbers_and_dates_are_read() -> None:
    def without_unit(text: pl.Expr) -> pl.Expr:
        return text.str.strip_suffix(" kg")

    def first_word(text: pl.Expr) -> pl.Expr:
        return text.str.split(" ").list.first()

    assert read(Decimal(clean=(without_unit,)), "1.50 kg") == ["1.5"]
    assert read(Date(clean=(first_word,)), "2025-12-08 (Mon)") == ["2025-12-08"]


def test_it_keeps_text_composed_after_its_cleaning_steps() -> None:
    def with_accent(text: pl.Expr) -> pl.Expr:
        return text + pl.lit("e\u0301")

    assert read(Text(clean=(with_accent,)), "ü", "u") == ["üé", "ué"]
    assert read(Text(clean=(with_accent,)), "u") == ["ué"]


def test_it_refuses_half_a_surrogate_pair() -> None:
    (fault,) = refused(Text(), b'"a\\ud800"')

    assert (fault.stage, fault.code, fault.field) == ("normalize", "bad_unicode", "value")


def test_it_names_a_cleaning_step_that_cannot_work() -> None:
    with pytest.raises(ConfigError, match="cleaning step"):
        read(Text(clean=(lambda text: text.list.first(),)), "a")
