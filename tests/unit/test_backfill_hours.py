"""The hours in which a backfill reads, and when it ends if it goes on so."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sync.backfill.hours import Hours, expected_end, read_hours
from sync.errors import InvalidRequest


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("22-6", Hours(22, 6)),
        (" 8 - 18 ", Hours(8, 18)),
        ("0-1", Hours(0, 1)),
        ("22-24", Hours(22, 24)),
        ("0-24", None),
        ("", None),
        (None, None),
    ],
)
def test_hours_are_read(text: str | None, hours: Hours | None) -> None:
    assert read_hours(text) == hours


@pytest.mark.parametrize("text", ["25", "25-6", "6-25", "24-6", "6", "6-6", "-1-5", "a-b", "22:30-6", "٢-٣"])
def test_what_are_no_hours_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="such as 22-6") as caught:
        read_hours(text)

    assert caught.value.code == "bad_hours"


@pytest.mark.parametrize(
    ("hour", "open_"), [(21, False), (22, True), (23, True), (0, True), (5, True), (6, False), (12, False)]
)
def test_hours_may_go_past_midnight(hour: int, open_: bool) -> None:
    assert Hours(22, 6).open_at(at(3, hour)) is open_


def ends(rows: int, **given: object) -> datetime | None:
    plain: dict[str, object] = {"per_day": None, "used_today": 0, "hours": None, "per_second": None}
    return expected_end(at(1, 12), rows=rows, **{**plain, **given})  # type: ignore[arg-type]


def test_without_speed_and_limit_nothing_is_known() -> None:
    assert ends(1) is None


def test_the_days_limit_alone_tells_the_day() -> None:
    assert ends(7_000_000, per_day=1_000_000) == at(7)
    assert ends(1_000_000, per_day=1_000_000) == at(1, 12)
    assert ends(1_000_000, per_day=1_000_000, used_today=1) == at(2)


def test_the_speed_alone_tells_the_moment() -> None:
    assert ends(3_600, per_second=1.0) == at(1, 13)


def test_speed_within_hours_goes_on_the_next_day() -> None:
    # Two hours are left today, then ten a day.
    assert ends(3_600 * 13, per_second=1.0, hours=Hours(4, 14)) == at(3, 5)


def test_limit_and_speed_both_count() -> None:
    assert ends(3_600 * 5, per_day=3_600 * 4, per_second=1.0) == at(2, 1)


def test_nothing_left_ends_now() -> None:
    assert ends(0, per_second=1.0) == at(1, 12)


def test_what_takes_more_than_ten_years_is_not_told() -> None:
    assert ends(10_000, per_day=1) is None
