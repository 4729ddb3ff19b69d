"""What stage 5 writes by whole columns is what polars' own JSON writer and slower reader give."""

from __future__ import annotations

import json

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from sync.fields import Boolean, Date, Field, Integer, Text, Timestamp
from sync.pipeline.alphabet import alphabet_of
from sync.pipeline.batch import Batch
from sync.pipeline.identity import identify, versions
from tests.unit.pipeline.staging import registered

FIELDS: dict[str, Field] = {
    "z": Text(),
    "id": Text(),
    "a": Text(),
    "on": Boolean(),
    "n": Integer(),
    "b": Integer(wide=True),
}

texts = st.text(
    st.characters(codec="utf-8") | st.sampled_from('"\\|\n\t\r\x00\x1f\x7f\x80\u2028,{}:'), max_size=8
)
rows = st.fixed_dictionaries(
    {
        "z": st.none() | texts,
        "id": texts,
        "a": st.none() | st.text("ab", max_size=3),
        "on": st.sampled_from([None, "true", "false"]),
        "n": st.none() | st.integers(-(2**53) + 1, 2**53 - 1).map(str),
        "b": st.none() | st.integers().map(str),
    }
)


@given(st.lists(rows, min_size=1, max_size=6))
def test_it_writes_the_json_that_polars_writes_in_the_order_of_jsonb(
    found: list[dict[str, str | None]],
) -> None:
    frame = pl.DataFrame(found, schema=dict.fromkeys(FIELDS, pl.String)).with_row_index("_row")

    served = identify(Batch(registered=registered(FIELDS), frame=frame)).frame["_data"]

    columns = [
        pl.col("a"),
        pl.col("b"),
        pl.col("n").cast(pl.Int64),
        pl.col("z"),
        pl.col("id"),
        pl.col("on") == "true",
    ]
    assert served.equals(frame.select(pl.struct(columns).struct.json_encode().alias("_data")).to_series())
    assert [json.loads(text)["z"] for text in served] == [row["z"] for row in found]


@given(st.lists(st.none() | texts, max_size=4))
def test_it_knows_which_characters_a_column_holds(values: list[str | None]) -> None:
    found = alphabet_of(pl.Series(values, dtype=pl.String))

    content = "".join(value or "" for value in values)
    assert found.ascii == content.isascii()
    assert found.special == {
        character for character in content if ord(character) < 32 or character in ' "\\|\x7f'
    }
    assert found.holds_controls() == any(ord(character) < 32 for character in content)


moments = st.datetimes().map(lambda moment: f"{moment.isoformat(timespec='seconds')}Z")
fractions = st.datetimes().map(lambda moment: f"{moment.isoformat(timespec='microseconds')}Z")
written = (
    st.none()
    | moments
    | fractions
    | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-6][0-9]:[0-6][0-9]Z")
)


@given(st.lists(written | st.just(""), min_size=1, max_size=6), st.booleans())
def test_it_orders_versions_as_the_reader_of_fractions_does(texts: list[str | None], whole: bool) -> None:
    field: Field = Date() if whole else Timestamp()
    values = [text[:10] if text and whole else text for text in texts]
    frame = pl.DataFrame({"at": pl.Series(values, dtype=pl.String)})

    found = versions(frame, registered({"at": field}, key=("at",), version="at").entity)

    form = "%Y-%m-%d" if whole else "%Y-%m-%dT%H:%M:%S%.fZ"
    exact = frame["at"].str.to_datetime(form, strict=False, time_unit="us").dt.epoch("us").to_list()
    assert found.to_list() == [moment if value else 0 for moment, value in zip(exact, values, strict=True)]
