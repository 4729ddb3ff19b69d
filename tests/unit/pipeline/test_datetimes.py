"""Layer 4: dates and moments by their declared formats."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import ConfigError
from sync.fields import Date, Field, Timestamp
from sync.pipeline.normalize import normalize
from tests.unit.pipeline.staging import batch_of, read, refused, registered

NETSUITE = Timestamp(formats=("%Y-%m-%d %H:%M:%S",))
FIRST, LAST = datetime(1, 1, 2), datetime(9999, 12, 30)  # noqa: DTZ001 - hypothesis asks for bounds without a zone
BERLIN = Timestamp(formats=("%Y-%m-%d %H:%M:%S",), zone="Europe/Berlin")


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
        (BERLIN, "2024-10-27 02:30:00", "2024-10-27T00:30:00Z"),  # came twice: the first
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
        (BERLIN, "2024-03-31 02:30:00"),  # the clocks went forward over it
    ],
)
def test_it_refuses_what_is_no_such_moment(field: Field, text: str) -> None:
    (fault,) = refused(field, text)

    assert fault.code == f"unreadable_{field.kind}"
    assert text in fault.message
    assert "accepted is %" in fault.message


@pytest.mark.parametrize(
    "form", ["%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S %Z", "%Y-%m-%d %H", "yyyy-mm-dd"]
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
