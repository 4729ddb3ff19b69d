"""All pure stages: nothing crashes them, nothing is lost on the way."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sync.canonical import Digits, json_text
from sync.errors import RecordError
from sync.fields import (
    Boolean,
    Date,
    Decimal,
    Field,
    FirstOf,
    Integer,
    Join,
    Json,
    Money,
    Text,
    Timestamp,
    lower,
)
from sync.keys import key_hash, key_text, parse_key
from sync.pipeline import PURE
from sync.pipeline.constraint import faults_of
from sync.pipeline.constraints import constraints_of
from sync.pipeline.normalize import normalize
from sync.pipeline.served import constraints_of_served
from sync.pipeline.validate import validate
from tests.unit.pipeline.staging import batch_of, registered, through

FIELDS: dict[str, Field] = {
    "id": Integer(required=True),
    "part": Text(max_length=20),
    "email": Text(clean=(lower,), pattern=".*@.*"),
    "amount": Money(minimum="0"),
    "rate": Decimal(decimal_comma=True, maximum="1e10"),
    "on": Boolean(default="false"),
    "day": Date(formats=("%Y-%m-%d", "%m/%d/%Y")),
    "at": Timestamp(fraction=3, zone="Europe/Berlin", formats=("%Y-%m-%dT%H:%M:%S%#z", "%Y-%m-%d %H:%M:%S")),
}
WITHOUT_JSON = registered(
    FIELDS,
    key=("id", "part"),
    cursor="at",
    volatile=("at",),
    computed={"name": FirstOf(Join("part", "email"), "id")},
)
WITH_JSON = registered({**FIELDS, "more": Json()}, key=("id", "part"), cursor="at")


def _sound(value: Any) -> Any:
    """The value, if a Json field can keep it; null otherwise."""
    try:
        json_text(json.loads(json.dumps(value, allow_nan=False), parse_int=Digits, parse_float=Digits))
    except (RecordError, ValueError):
        return None
    return value


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text(max_size=20)
    | st.sampled_from(
        ["2024-01-05", "7/4/1996", "0000-00-00", "2024-01-05 10:00:00", "9999-12-31T23:59:59-12:00"]
    )
    | st.sampled_from(["€ 10", "(5)", "1e309", "a@b", "|\\", "\ud800", "\x00", " "]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
objects = st.fixed_dictionaries({}, optional=dict.fromkeys([*FIELDS, "more"], values)).map(json.dumps)
texts = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=6).filter(str.strip)
numbers = st.decimals(0, 10**9, allow_nan=False, allow_infinity=False, places=3).map(str)
good = st.fixed_dictionaries(
    {"id": st.integers(-(2**53) + 1, 2**53 - 1), "part": texts | st.booleans() | st.integers(0, 10**9)},
    optional={
        "email": st.none() | texts.map("{}@example.com".format),
        "amount": st.none() | numbers | numbers.map("€ {}".format),
        "rate": st.none() | numbers.map(lambda number: number.replace(".", ",")),
        "on": st.none() | st.booleans() | st.sampled_from(["yes", "N", " t "]),
        "day": st.none() | st.dates().map(str),
        "at": st.none() | st.datetimes().map(lambda at: at.isoformat(timespec="seconds") + "Z"),
        "more": values.map(_sound),
    },
)
good_rows = good.map(json.dumps).map(str.encode)
rows = st.one_of(good_rows, objects.map(str.encode), objects.map(str.encode), st.binary(max_size=20))


@given(st.lists(good_rows, min_size=1, max_size=8), st.booleans())
def test_it_holds_back_nothing_good(lines: list[bytes], nested: bool) -> None:
    of = WITH_JSON if nested else WITHOUT_JSON

    batch = through(batch_of(of, lines))

    assert batch.aside == ()
    assert batch.frame["_row"].to_list() == list(range(len(lines)))
    for found in batch.frame.iter_rows(named=True):
        assert _names_its_record(of, found)


@given(st.lists(rows, max_size=8), st.booleans())
def test_it_loses_no_row_and_crashes_on_none(lines: list[bytes], nested: bool) -> None:
    of = WITH_JSON if nested else WITHOUT_JSON

    batch = through(batch_of(of, lines))

    good, aside = batch.frame["_row"].to_list(), [row.row for row in batch.aside]
    assert sorted([*good, *aside]) == list(range(len(lines)))
    assert all(row.faults for row in batch.aside)
    assert batch.faults == {}
    for found in batch.frame.iter_rows(named=True):
        assert _names_its_record(of, found)


def _names_its_record(of: Any, found: dict[str, Any]) -> bool:
    data = json.loads(found["_data"])
    key = {name: found[name] for name in of.entity.key}
    written = key_text(of, data)
    return (
        list(data) == sorted(of.names, key=lambda name: (len(name), name))  # as jsonb has them
        and "\x00" not in found["_data"]
        and key_hash(of, key).bytes == found["_key_hash"]
        and parse_key(of, written) == key
    )


@given(st.lists(rows, max_size=8), st.booleans())
def test_it_normalizes_to_what_need_not_be_asked_for_its_form(lines: list[bytes], nested: bool) -> None:
    of = WITH_JSON if nested else WITHOUT_JSON

    batch = normalize(batch_of(of, lines))

    assert batch.canonical
    asked = [constraint for constraint in constraints_of(of.entity) if constraint.code == "wrong_type"]
    assert asked
    assert not faults_of(batch.frame, asked, "validate", {})
    good = validate(batch)
    assert not faults_of(good.frame, list(constraints_of_served(of.entity)), "identity", {})


@given(st.lists(rows, max_size=8), st.booleans())
def test_it_comes_to_the_same_as_asking_for_every_form(lines: list[bytes], nested: bool) -> None:
    of = WITH_JSON if nested else WITHOUT_JSON
    normalized = normalize(batch_of(of, lines))

    found = through(normalized, *PURE[1:])
    asked = through(replace(normalized, canonical=False), *PURE[1:])

    assert found.frame.equals(asked.frame)
    assert found.aside == asked.aside
