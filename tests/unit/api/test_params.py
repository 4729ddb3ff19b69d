"""Strict reading: what is not known is refused, with the way to ask."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from api.params import Query, storable
from api.preferences import wanted_wait
from sync.errors import InvalidRequest


def query(text: str) -> Query:
    return Query(request(text), known=("since", "limit", "deep"))


def request(text: str = "", prefer: str = "") -> Request:
    return Request(APIRequestFactory().get(f"/?{text}", headers={"prefer": prefer} if prefer else {}))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-12-08", datetime(2025, 12, 8, tzinfo=UTC)),
        ("2025-12-08T10:30:00Z", datetime(2025, 12, 8, 10, 30, tzinfo=UTC)),
        ("2025-12-08T10:30:00", datetime(2025, 12, 8, 10, 30, tzinfo=UTC)),
        ("2025-12-08 10:30", datetime(2025, 12, 8, 10, 30, tzinfo=UTC)),
        ("2025-12-08T10:30:00%2B02:00", datetime(2025, 12, 8, 8, 30, tzinfo=UTC)),
        ("2025-12-08T10:30:00+02:00", datetime(2025, 12, 8, 8, 30, tzinfo=UTC)),
    ],
)
def test_it_reads_moments(text: str, moment: datetime) -> None:
    assert query(f"since={text}").moment("since") == moment


@pytest.mark.parametrize("text", ["now", "2025-02-30", "1700000000", "2025-12-08T25:00:00Z", "9999-01-01"])
def test_it_refuses_what_is_no_moment(text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        query(f"since={text}").moment("since")

    assert refused.value.code == "bad_since"


@pytest.mark.parametrize("text", ["true", "1", "yes", "TRUE"])
def test_it_reads_flags(text: str) -> None:
    assert query(f"deep={text}").flag("deep")


@pytest.mark.parametrize("text", ["", "deep=false", "deep=0", "deep=no", "deep="])
def test_a_flag_is_off_by_default(text: str) -> None:
    assert not query(text).flag("deep")


@pytest.mark.parametrize("text", ["limit=-1", "limit=1e3", "limit=٣", "limit=99999999999"])
def test_it_refuses_odd_limits(text: str) -> None:
    with pytest.raises(InvalidRequest):
        query(text).limit()


@pytest.mark.parametrize("value", ["a\x00", "\ud800", {"a": ["\x00"]}, {"\x00": 1}])
def test_it_refuses_what_cannot_be_stored(value: object) -> None:
    with pytest.raises(InvalidRequest):
        storable("data", value)


@pytest.mark.parametrize("value", ["\\u0000", "😀", {"a": [1, None, True]}])
def test_it_keeps_what_can(value: object) -> None:
    assert storable("data", value) == value


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        ("wait=10", 10),
        ("respond-async, wait=5", 5),
        ('WAIT="7"; foo=bar', 7),
        ("wait=31", 30),
        ("wait=-1", 0),
        ("await=5", 0),
        ("wait=5x", 0),
        ("return=minimal", 0),
    ],
)
def test_it_reads_how_long_to_wait(prefer: str, seconds: int) -> None:
    assert wanted_wait(request(prefer=prefer)) == seconds
