"""Layer 4: dates and moments by their declared formats."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import ConfigError
from sync.fields import Ambiguous, Date, Field, Timestamp
from sync.pipeline.normalize import normalize
from tests.unit.pipeline.staging import batch_of, read, refused, registered

NETSUITE = Timestamp(formats=("%Y-%m-%d %H:%M:%S",))
ZERO = timedelta(0)
FIRST, LAST = datetime(1, 1, 2), datetime(9999, 12, 30)  # noqa: DTZ001 - hypothesis asks for bounds without a zone
LOCAL = ("%Y-%m-%d %H:%M:%S",)
BERLIN = Timestamp(formats=LOCAL, zone="Europe/Berlin")
FIRST_HOUR = Timestamp(formats=LOCAL, zone="Europe/Berlin", ambiguous="earliest", nonexistent="shift")
SECOND_HOUR = Timestamp(formats=LOCAL, zone="Europe/Berlin", ambiguous="latest", nonexistent="shift")
ORACLE_DAY = ("%d-%b-%y",)
NAMED = Timestamp(
    formats=("%d-%b-%y %I.%M.%S%.f %p %Z", "%Y-%m-%d %H:%M:%S %Z"),
    pivot=1950,
    fraction=6,
    zones={"PST": "-08:00", "CET": "Europe/Berlin", "IST": "+05:30"},
)


@pytest.mark.parametrize(
    ("field", "text", "canonical"),
    [
        (Date(), "2024-1-5", "2024-01-05"),
        (Date(formats=("%m/%d/%Y",)), "7/4/1996", "1996-07-04"),
        (Date(formats=("%d-%b-%Y", "%m/%d/%Y")), "05-JAN-2024", "2024-01-05"),
        (Date(formats=("%d-%b-%Y", "%m/%d/%Y")), "1/5/2024", "2024-01-05"),
        (Date(formats=("%Y%m%d",)), "20240105", "2024-01-05"),
        (Date(), "9999-12-31", "9999-12-31"),
        (Date(), "0001-01-01", "0001-01-01"),
        (Date(), " ", None),
        (NETSUITE, "2024-01-05 10:00:00", "2024-01-05T10:00:00Z"),
        (Timestamp(), "2024-01-05T10:00:00.987Z", "2024-01-05T10:00:00Z"),
        (Timestamp(fraction=3), "2024-01-05T10:00:00Z", "2024-01-05T10:00:00.000Z"),
        (Timestamp(fraction=6), "2024-01-05T10:00:00.1234567Z", "2024-01-05T10:00:00.123456Z"),
        (Timestamp(fraction=9), "2024-01-05T10:00:00.123456789Z", "2024-01-05T10:00:00.123456789Z"),
        (Timestamp(formats=("%Y-%m-%dT%H:%M:%S%#z",)), "2024-01-05T10:00:00+01:00", "2024-01-05T09:00:00Z"),
        (Timestamp(formats=("%s",), zone="Europe/Berlin"), "1704448800", "2024-01-05T10:00:00Z"),
        (Timestamp(zone="Europe/Berlin"), "2024-07-01T12:00:00Z", "2024-07-01T12:00:00Z"),
        (BERLIN, "2024-07-01 12:00:00", "2024-07-01T10:00:00Z"),
        (FIRST_HOUR, "2024-10-27 02:30:00", "2024-10-27T00:30:00Z"),  # came twice
        (SECOND_HOUR, "2024-10-27 02:30:00", "2024-10-27T01:30:00Z"),
        (FIRST_HOUR, "2024-03-31 02:30:00", "2024-03-31T01:30:00Z"),  # never came: 03:30
        (SECOND_HOUR, "2024-03-31 02:30:00", "2024-03-31T01:30:00Z"),
        (FIRST_HOUR, "2024-10-27 01:59:59", "2024-10-26T23:59:59Z"),
        (FIRST_HOUR, "2024-10-27 03:00:00", "2024-10-27T02:00:00Z"),
        (NAMED, "05-JAN-24 01.02.03.000004 PM EUROPE/BERLIN", "2024-01-05T12:02:03.000004Z"),
        (NAMED, "05-JUL-24 01.02.03 PM CET", "2024-07-05T11:02:03.000000Z"),
        (NAMED, "2024-01-05 10:00:00 PST", "2024-01-05T18:00:00.000000Z"),
        (NAMED, "2024-01-05 10:00:00 IST", "2024-01-05T04:30:00.000000Z"),
        (NAMED, "2024-01-05 10:00:00 utc", "2024-01-05T10:00:00.000000Z"),
        (NAMED, "2024-01-05 10:00:00 Etc/GMT+5", "2024-01-05T15:00:00.000000Z"),
        (NAMED, "2024-01-05 10:00:00 America/Port-au-Prince", "2024-01-05T15:00:00.000000Z"),
        (Date(formats=ORACLE_DAY, pivot=1950), "05-JAN-49", "2049-01-05"),
        (Date(formats=ORACLE_DAY, pivot=1950), "05-JAN-50", "1950-01-05"),
        (Date(formats=ORACLE_DAY, pivot=1950), "29-FEB-00", "2000-02-29"),
        (Date(formats=ORACLE_DAY, pivot=2000), "29-FEB-96", "2096-02-29"),
        (Date(formats=LOCAL), "2024-01-05 00:00:00", "2024-01-05"),
        (Date(formats=LOCAL, drop_time=True), "2024-01-05 23:59:59", "2024-01-05"),
        (Date(), "0096-07-04", "0096-07-04"),
        (Date(formats=("%m/%d/%Y", "%m/%d/%y"), pivot=1950), "7/4/96", "1996-07-04"),
        (BERLIN, "", None),
    ],
)
def test_it_reads_declared_formats(field: Field, text: str, canonical: str | None) -> None:
    assert read(field, text) == [canonical]


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (Date(), "2024-02-30"),
        (Date(), "0000-01-01"),
        (Date(), "10000-01-01"),
        (Date(), "2024-01-05T00:00:00Z"),
        (Date(formats=("%m/%d/%Y",)), "13/4/1996"),
        (NETSUITE, "2024-01-05"),
        (NETSUITE, "0000-12-31 00:00:00"),
        (NETSUITE, "+10000-01-01 00:00:00"),
        (NETSUITE, "-0001-01-01 00:00:00"),
        (NETSUITE, "2024-01-05 24:00:00"),
        (Timestamp(fraction=9), "9999-01-01T00:00:00Z"),
        (Timestamp(formats=("%Y-%m-%dT%H:%M:%S%z",)), "0001-01-01T00:00:00+0100"),
        (Date(), "24-01-05"),
        (Date(formats=("%m/%d/%Y",)), "7/4/96"),
        (NETSUITE, "24-01-05 10:00:00"),
        (Timestamp(), "2024-06-01T12:00:60Z"),
        (Timestamp(), "2016-12-31T23:59:60.5Z"),
        (Timestamp(formats=("%Y-%m-%d %T",)), "1960-06-01 12:00:60"),
        (NAMED, "2024-01-05 10:00:00"),
        (NAMED, "2024-01-05 CET"),
    ],
)
def test_it_refuses_what_is_no_such_moment(field: Field, text: str) -> None:
    (fault,) = refused(field, text)

    assert fault.code == f"unreadable_{field.kind}"
    assert text in fault.message
    assert "accepted is %" in fault.message


@pytest.mark.parametrize(
    ("field", "text", "code", "words"),
    [
        (BERLIN, "2024-10-27 02:30:00", "ambiguous_time", "came twice in Europe/Berlin"),
        (BERLIN, "2024-03-31 02:30:00", "nonexistent_time", "never came in Europe/Berlin"),
        (NAMED, "2024-10-27 02:30:00 CET", "ambiguous_time", "came twice in Europe/Berlin"),
        (
            NAMED,
            "2024-01-05 10:00:00 CST",
            "unreadable_timestamp",
            'names the zone "CST", which is not known',
        ),
        (Date(formats=LOCAL), "2024-01-05 13:00:00", "time_of_day", "has a time of day"),
    ],
)
def test_it_says_what_would_have_been_a_guess(field: Field, text: str, code: str, words: str) -> None:
    (fault,) = refused(field, text)

    assert fault.code == code
    assert f'"{text}"' in fault.message
    assert words in fault.message


def test_it_refuses_only_the_hour_that_nobody_can_tell() -> None:
    of = registered({"value": BERLIN}, key=("value",))
    hours = [f"2024-10-27 0{hour}:30:00" for hour in range(5)]

    batch = normalize(batch_of(of, [{"value": hour} for hour in hours]))

    assert list(batch.faults) == [2]
    assert batch.frame["value"].null_count() == 1


@given(
    st.lists(st.datetimes(datetime(1950, 1, 1), datetime(2030, 1, 1)), min_size=1, max_size=20),  # noqa: DTZ001
    st.sampled_from(
        ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Sao_Paulo"]
    ),
    st.booleans(),
)
def test_it_knows_local_times_as_the_calendar_does(locals_: list[datetime], zone: str, later: bool) -> None:
    ambiguous: Ambiguous = "latest" if later else "earliest"
    field = Timestamp(formats=LOCAL, zone=zone, ambiguous=ambiguous, nonexistent="shift")

    found = read(field, *[f"{at:%Y-%m-%d %H:%M:%S}" for at in locals_])

    for at, text in zip(locals_, found, strict=True):
        first = at.replace(microsecond=0, tzinfo=ZoneInfo(zone), fold=0)
        second = first.replace(fold=1)
        twice = (first.utcoffset() or ZERO) > (second.utcoffset() or ZERO)
        assert datetime.fromisoformat(text or "") == (second if later and twice else first).astimezone(UTC)


@given(st.lists(st.dates(date(1950, 1, 1), date(2049, 12, 31)), min_size=1))
def test_it_reads_years_of_two_digits_in_their_century(found: list[date]) -> None:
    assert read(Date(formats=ORACLE_DAY, pivot=1950), *[f"{day:%d-%b-%y}" for day in found]) == [
        day.isoformat() for day in found
    ]


@pytest.mark.parametrize(
    "form",
    ["%Y-%m-%d %H:%M:%S.%f", "%Z %Y-%m-%d %H:%M:%S", "%H:%M %z %Z", "%Y-%m-%d %H", "yyyy-mm-dd", "%d-%b-%y"],
)
def test_it_refuses_a_format_that_would_read_something_else(form: str) -> None:
    with pytest.raises(ConfigError, match="Format"):
        read(Timestamp(formats=(form,)), "2024-01-05")


def test_it_reads_each_distinct_text_once_with_the_same_result() -> None:
    assert read(Date(), *["2024-01-05", "2024-1-6", None] * 10) == ["2024-01-05", "2024-01-06", None] * 10


@given(st.lists(st.datetimes(FIRST, LAST), min_size=1), st.sampled_from([0, 3, 6]))
def test_it_keeps_moments_and_their_order(moments: list[datetime], fraction: int) -> None:
    found = read(Timestamp(fraction=fraction), *[f"{moment.isoformat()}Z" for moment in moments])

    width = 10 ** (6 - fraction)
    expected = [
        moment.replace(tzinfo=UTC, microsecond=moment.microsecond // width * width) for moment in moments
    ]
    assert [datetime.fromisoformat(text or "") for text in found] == expected
    assert sorted(text or "" for text in found) == [
        text for _, text in sorted(zip(expected, found, strict=True))
    ]


@given(st.lists(st.text(max_size=30), min_size=1))
def test_it_reads_or_refuses_any_text(values: list[str]) -> None:
    texts = [value for value in values if value.strip() and value.isprintable()]

    if texts:
        refused(Timestamp(fraction=9), *[f"x{value}" for value in texts])


seconds = st.from_regex(r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]Z", fullmatch=True)
moments_written = st.one_of(st.datetimes().map(lambda at: f"{at.isoformat(timespec='seconds')}Z"), seconds)


@given(st.lists(st.none() | st.just("") | moments_written, min_size=1, max_size=6))
def test_it_reads_canonical_columns_as_it_reads_others(texts: list[str | None]) -> None:
    fields: dict[str, Field] = {"at": Timestamp(), "also": Timestamp(source="at", fraction=3)}
    rows = [{"at": text} for text in texts]

    found = normalize(batch_of(registered(fields, key=("at",)), rows))

    for row, (at, also) in enumerate(found.frame.select("at", "also").iter_rows()):
        assert at == (also and also.replace(".000Z", "Z"))
        assert len(found.faults.get(row, ())) == (2 if at is None and texts[row] else 0)
