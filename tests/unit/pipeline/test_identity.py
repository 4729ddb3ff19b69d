"""Stage 5: hashes equal to the reference packages, versions that order, JSON that is exact."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import blake3
import polars as pl
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from sync.fields import Boolean, Date, Decimal, Field, FirstOf, Integer, Json, Money, Text, Timestamp
from sync.pipeline.batch import Batch
from sync.pipeline.identity import hash_keys, identify
from tests.unit.pipeline.staging import batch_of, registered, through

ITEM: dict[str, Field] = {
    "item_number": Text(),
    "description": Text(),
    "uom": Text(),
    "list_price": Money(),
    "modified": Timestamp(),
}
WIDGET = {"item_number": "PART-12345", "description": "Widget", "uom": "EA", "list_price": "1,000.50"}


def test_it_matches_the_specified_vectors() -> None:
    of = registered(ITEM, key=("item_number",), volatile=("modified",))

    batch = through(batch_of(of, [{**WIDGET, "modified": "2025-12-08T10:30:00Z"}]))

    assert batch.frame["_key_hash"][0].hex() == "0b133500149ce20feaae194eca4d4909"
    assert (
        batch.frame["_data_hash"][0].hex()
        == "385e74f91d88f247df81a0f6c9d259e7e030659d917c21d03b0178564e50db4f"
    )


def test_it_leaves_volatile_fields_out_of_the_data_hash_only() -> None:
    of = registered(ITEM, key=("item_number",), volatile=("modified",))
    rows = [{**WIDGET, "modified": f"2025-12-0{day}T10:30:00Z"} for day in (1, 2)]

    batch = through(batch_of(of, rows))

    assert batch.frame["_data_hash"].n_unique() == 1
    assert batch.frame["_data"].n_unique() == 2


texts = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from('|\\="')).map(
    lambda text: unicodedata.normalize("NFC", text.strip())
)


@given(
    st.lists(st.fixed_dictionaries({"id": texts, "b": st.none() | texts, "a": st.none() | texts}), min_size=1)
)
def test_it_hashes_as_the_reference_packages_do(rows: list[dict[str, str | None]]) -> None:
    of = registered({"id": Text(), "b": Text(), "a": Text()}, computed={"c": FirstOf("a", "b")}, key=("id",))

    batch = through(batch_of(of, rows))

    for row, found in zip(rows, batch.frame.iter_rows(named=True), strict=True):
        computed = next((text for text in (row["a"], row["b"]) if text), None)
        served = {**row, "c": computed}
        assert found["_key_hash"] == xxhash.xxh3_128_digest(_canonical({"id": row["id"]}))
        assert found["_data_hash"] == blake3.blake3(_canonical(served)).digest()
        assert json.loads(found["_data"]) == served


def _canonical(values: dict[str, str | None]) -> bytes:
    escaped = {
        name: text.replace("\\", "\\\\").replace("|", "\\|")
        for name, text in values.items()
        if text is not None
    }
    return "|".join(f"{name}={escaped[name]}" for name in sorted(escaped)).encode()


def test_it_tells_keys_apart_that_only_look_alike() -> None:
    of = registered({"a": Text(), "b": Text(), "c": Text()}, key=("a", "b"))
    rows = [
        {"a": "1|b=2", "b": ""},
        {"a": "1", "b": "2|b="},
        {"a": "1\\", "b": "2"},
        {"a": "1", "b": "\\|b=2"},
    ]

    batch = through(batch_of(of, rows))

    assert batch.frame["_key_hash"].n_unique() == 4


def test_it_writes_compact_json_with_names_in_the_order_of_jsonb() -> None:
    fields: dict[str, Field] = {
        "z": Text(), "id": Integer(), "wide": Integer(wide=True), "m": Money(), "on": Boolean(), "j": Json(),
        "day": Date(), "none": Text(), "d": Decimal(),
    }  # fmt: skip
    row = (
        b'{"z": "a\\"b\\\\c\\n\\t\\u2028\xf0\x9f\x98\x80", "id": -9007199254740991, "wide": 18446744073709551616,'
        b' "m": 1.10, "on": "T", "j": {"y": [1.50], "x": null}, "day": "2024-1-5", "d": 1e30}'
    )

    batch = through(batch_of(registered(fields), [row]))

    assert batch.frame["_data"][0] == (
        '{"d":"1000000000000000000000000000000","j":{"x":null,"y":[1.5]},"m":"1.1","z":"a\\"b\\\\c\\n\\t\u2028😀",'
        '"id":-9007199254740991,"on":true,"day":"2024-01-05","none":null,"wide":"18446744073709551616"}'
    )


@pytest.mark.parametrize("names", [("j",), ("a", "j"), ("j", "z"), ("j", "k"), ("a", "j", "k", "z")])
def test_it_puts_nested_values_in_their_place(names: tuple[str, ...]) -> None:
    fields: dict[str, Field] = {name: Json() if name in "jk" else Text() for name in names}
    rows: list[dict[str, Any]] = [dict.fromkeys(names, "v"), dict.fromkeys(names)]

    batch = through(batch_of(registered(fields, key=names[:1]), rows))

    assert json.loads(batch.frame["_data"][0]) == rows[0]
    assert [row.row for row in batch.aside] == [1]


@pytest.mark.parametrize(
    ("field", "value", "version"),
    [
        (Timestamp(), "2025-12-08T10:30:00Z", 1_765_189_800_000_000),
        (Timestamp(fraction=6), "1969-12-31T23:59:59.999999Z", -1),
        (Timestamp(fraction=9), "1970-01-01T00:00:00.000001999Z", 1),
        (Date(), "1970-01-02", 86_400_000_000),
        (Integer(wide=True), 2**60, 2**60),
        (Integer(), None, 0),
        (Text(), "17", 0),
    ],
)
def test_it_orders_versions(field: Field, value: Any, version: int) -> None:
    batch = through(
        batch_of(registered({"id": Text(), "at": field}, cursor="at"), [{"id": "1", "at": value}])
    )

    assert batch.frame["_version"].to_list() == [version]


def test_it_prefers_the_declared_version_to_the_cursor() -> None:
    of = registered({"id": Text(), "at": Timestamp(), "no": Integer()}, cursor="at", version="no")

    batch = through(batch_of(of, [{"id": "1", "at": "2025-12-08T10:30:00Z", "no": 7}]))

    assert batch.frame["_version"].to_list() == [7]


def test_it_has_no_version_where_none_is_declared() -> None:
    assert through(batch_of(registered({"id": Text()}), [{"id": "1"}])).frame["_version"].to_list() == [0]


def test_it_sets_rows_without_a_whole_key_aside_with_their_mapped_fields() -> None:
    of = registered({"a": Text(), "b": Integer()}, key=("a", "b"), computed={"c": FirstOf("a")})
    rows: list[dict[str, Any]] = [{"a": "x"}, {"a": "", "b": 1}, {}]

    batch = through(batch_of(of, rows))

    assert batch.frame["_row"].to_list() == [1]
    assert [[(fault.stage, fault.code, fault.field) for fault in row.faults] for row in batch.aside] == [
        [("identity", "key_missing", "b")],
        [("identity", "key_missing", "a"), ("identity", "key_missing", "b")],
    ]
    assert batch.aside[0].mapped == {"a": "x", "b": None, "c": "x"}
    assert batch.aside[0].key_hash is None


def test_it_sets_a_version_aside_that_does_not_fit() -> None:
    of = registered({"id": Text(), "no": Integer(wide=True)}, version="no")

    (aside,) = through(batch_of(of, [{"id": "1", "no": 2**63}])).aside

    assert aside.faults[0].code == "version_too_large"
    assert aside.key_hash is not None


def test_it_keeps_rows_of_equal_keys() -> None:
    assert through(batch_of(registered({"id": Integer()}), [{"id": 1}, {"id": "1.0"}])).frame.height == 2


@pytest.mark.parametrize(
    ("field", "mended"),
    [
        (Integer(), "1e3"),
        (Integer(), "123456789012345678901"),
        (Boolean(), "yes"),
        (Json(), "{"),
        (Json(), '"\\u0000"'),
        (Json(), '{ "a": 1}'),
    ],
)
def test_it_refuses_mended_values_that_would_break_the_json(field: Field, mended: str) -> None:
    frame = pl.DataFrame({"_row": pl.Series([0], dtype=pl.UInt32), "id": ["1"], "value": [mended]})

    (aside,) = identify(Batch(registered=registered({"id": Text(), "value": field}), frame=frame)).aside

    assert (aside.faults[0].code, aside.faults[0].field) == ("wrong_type", "value")


def test_it_hashes_a_childs_columns_as_its_parents_key() -> None:
    child = pl.DataFrame({"the_order": ["10248", None], "line": ["1", "2"]})
    parent = pl.DataFrame({"order_id": ["10248"], "no": ["1"]})

    found = hash_keys(child, {"order_id": "the_order", "no": "line"}).to_list()

    assert found == [*hash_keys(parent, {"order_id": "order_id", "no": "no"}).to_list(), None]


def test_it_takes_an_empty_batch() -> None:
    frame = through(batch_of(registered({"id": Text(), "j": Json()}, cursor=None), [])).frame

    assert frame.schema["_key_hash"] == pl.Binary
    assert frame.schema["_data_hash"] == pl.Binary
    assert frame.schema["_version"] == pl.Int64
    assert frame.schema["_data"] == pl.String
