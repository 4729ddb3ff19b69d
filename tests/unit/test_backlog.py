"""When the jobs that wait for a system may be done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sync.budget.backlog import Quota, ends_at

NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)
BERLIN = "Europe/Berlin"


def test_a_rate_says_how_long_it_takes() -> None:
    assert ends_at(60, NOON, speed=2, quota=None) == NOON + timedelta(seconds=30)


def test_without_rate_and_quota_nobody_can_say() -> None:
    assert ends_at(60, NOON, speed=None, quota=None) is None


def test_what_today_s_quota_has_left_is_done_today() -> None:
    assert ends_at(60, NOON, speed=2, quota=Quota(per_day=100, used=40, zone="UTC")) == NOON + timedelta(
        seconds=30
    )


def test_the_rest_waits_for_as_many_midnights_as_it_takes() -> None:
    quota = Quota(per_day=100, used=90, zone="UTC")  # 10 today, 100 tomorrow, 40 on the day after

    assert ends_at(150, NOON, speed=2, quota=quota) == datetime(2026, 3, 29, 0, 0, 20, tzinfo=UTC)


def test_midnights_are_those_of_the_quota_s_zone_also_where_clocks_change() -> None:
    quota = Quota(per_day=100, used=100, zone=BERLIN)

    assert ends_at(100, NOON, speed=None, quota=quota) == datetime(2026, 3, 27, 23, tzinfo=UTC)
    assert ends_at(300, NOON, speed=None, quota=quota) == datetime(2026, 3, 29, 22, tzinfo=UTC)


def test_a_rate_that_cannot_use_the_quota_counts() -> None:
    slow = ends_at(1000, NOON, speed=0.001, quota=Quota(per_day=900, used=0, zone="UTC"))

    assert slow == NOON + timedelta(seconds=1_000_000)


def test_what_takes_longer_than_calendars_go_has_no_moment() -> None:
    assert ends_at(1000, NOON, speed=1e-9, quota=None) is None
    assert ends_at(1e9, NOON, speed=None, quota=Quota(per_day=1, used=0, zone="UTC")) is None
