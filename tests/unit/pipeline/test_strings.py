"""Layer 2: text as it is stored."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import ConfigError
from sync.fields import Date, Decimal, Text, blank_to_null, collapse, lower
from sync.text import clean_text
from tests.unit.pipeline.staging import read, refused

texts = st.text(st.characters(codec="utf-8") | st.sampled_from("\r\n\t \x00\x85\u00a0e\u0301"))


@given(st.lists(texts, min_size=1))
def test_it_cleans_columns_as_it_cleans_single_values(values: list[str]) -> None:
    assert read(Text(), *values) == [clean_text(value) for value in values]
    assert read(Text(trim=False), *values) == [clean_text(value, trim=False) for value in values]


def test_it_applies_the_cleaning_steps_in_order_after_trimming() -> None:
    assert read(Text(clean=(collapse, lower, blank_to_null)), " A  B ", "  ", None) == ["a b", None, None]


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


def test_it_refuses_half_a_surrogate_pair() -> None:
    (fault,) = refused(Text(), b'"a\\ud800"')

    assert (fault.stage, fault.code, fault.field) == ("normalize", "bad_unicode", "value")


def test_it_names_a_cleaning_step_that_cannot_work() -> None:
    with pytest.raises(ConfigError, match="cleaning step"):
        read(Text(clean=(lambda text: text.list.first(),)), "a")
