"""Ranges of keys and of the cursor cut into windows, and what cannot be cut."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync.backfill.cutting import cut
from sync.errors import InvalidRequest
from sync.fields import Date, Integer, Text
from sync.registry import Registered
from tests.shop import gadgets, system

GADGETS = Registered(system, gadgets)


def with_cursor(field: object) -> Registered:
    fields = {**gadgets.fields, "changed": field}
    return Registered(system, replace(gadgets, fields=fields))  # type: ignore[arg-type]


def test_keys_are_cut_in_even_parts_and_a_rest() -> None:
    windows, step = cut(GADGETS, "key", "1", "11", "4")

    assert (windows, step) == ([("1", "5"), ("5", "9"), ("9", "11")], "4")


def test_keys_may_be_below_zero() -> None:
    assert cut(GADGETS, "key", "-5", "1", None)[0] == [("-5", "1")]


def test_moments_are_cut_by_time() -> None:
    windows, _ = cut(GADGETS, "cursor", "2026-01-31T12:00:00Z", "2026-02-02", "1d")

    assert windows == [
        ("2026-01-31T12:00:00Z", "2026-02-01T12:00:00Z"),
        ("2026-02-01T12:00:00Z", "2026-02-02T00:00:00Z"),
    ]


def test_a_moment_in_a_zone_is_utc_in_windows() -> None:
    assert cut(GADGETS, "cursor", "2026-01-01T02:00:00+02:00", "2026-01-02", "7d")[0][0][0] == (
        "2026-01-01T00:00:00Z"
    )


def test_days_are_cut_by_days() -> None:
    windows, _ = cut(with_cursor(Date()), "cursor", "2026-01-01", "2026-01-11", "7d")

    assert windows == [("2026-01-01", "2026-01-08"), ("2026-01-08", "2026-01-11")]


def test_a_number_as_cursor_is_cut_as_keys_are() -> None:
    assert cut(with_cursor(Integer()), "cursor", "0", "10", "5")[0] == [("0", "5"), ("5", "10")]


@pytest.mark.parametrize(
    ("by", "low", "high", "step", "code"),
    [
        ("key", "5", "5", None, "bad_window"),
        ("key", "9", "5", None, "bad_window"),
        ("key", None, "5", None, "bad_window"),
        ("key", "1", None, None, "bad_window"),
        ("key", "a", "5", None, "bad_window"),
        ("key", "1.5", "5", None, "bad_window"),
        ("key", "1", "5", "0", "bad_window"),
        ("key", "1", "5", "-1", "bad_window"),
        ("key", "1", "5", "1d", "bad_window"),
        ("key", "1", "9" * 30, None, "bad_window"),
        ("key", "1", "10002", "1", "too_many_windows"),
        ("cursor", "2026-01-02", "2026-01-02", None, "bad_window"),
        ("cursor", "2026-01-02", "2026-01-01", None, "bad_window"),
        ("cursor", None, "2026-01-01", None, "bad_window"),
        ("cursor", "yesterday", "2026-01-01", None, "bad_window"),
        ("cursor", "2026-01-01", "2999-01-01", None, "bad_window"),
        ("cursor", "2026-01-01", "2026-01-02", "0h", "bad_window"),
        ("cursor", "2026-01-01", "2026-01-02", "5m", "bad_window"),
        ("cursor", "0001-01-01", "2026-01-02", "1h", "too_many_windows"),
    ],
)
def test_what_makes_no_sense_is_refused(
    by: str, low: str | None, high: str | None, step: str | None, code: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        cut(GADGETS, by, low, high, step)  # type: ignore[arg-type]

    assert caught.value.code == code


def test_texts_as_cursor_cannot_be_cut() -> None:
    with pytest.raises(InvalidRequest, match="go by key") as caught:
        cut(with_cursor(Text()), "cursor", "a", "b", None)

    assert caught.value.code == "no_windows"


def test_hours_do_not_cut_days() -> None:
    with pytest.raises(InvalidRequest, match="7d"):
        cut(with_cursor(Date()), "cursor", "2026-01-01", "2026-01-11", "6h")
