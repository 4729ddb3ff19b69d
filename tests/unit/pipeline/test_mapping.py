"""Stage 4: computed fields."""

from __future__ import annotations

from typing import Any

from sync.fields import FirstOf, Join, Text
from sync.pipeline.mapping import apply_mapping
from sync.pipeline.normalize import normalize
from tests.unit.pipeline.staging import batch_of, registered, through

NAMES = {"id": Text(), "store": Text(), "first": Text(), "last": Text()}
ROWS: list[dict[str, Any]] = [
    {"id": "1", "store": "Bikes", "first": "Ann", "last": "Lee"},
    {"id": "2", "store": " ", "first": "Ann", "last": "Lee"},
    {"id": "3", "store": None, "first": None, "last": "Lee"},
    {"id": "4", "store": None, "first": "", "last": None},
]


def test_it_takes_the_first_part_that_has_something() -> None:
    of = registered(NAMES, computed={"name": FirstOf("store", Join("first", "last"), "id")})

    batch = through(batch_of(of, ROWS), normalize, apply_mapping)

    assert batch.frame["name"].to_list() == ["Bikes", "Ann Lee", "Lee", "4"]


def test_it_joins_what_is_there_and_gives_null_for_nothing() -> None:
    of = registered(NAMES, computed={"person": Join("last", "first", by=", ")})

    batch = through(batch_of(of, ROWS), normalize, apply_mapping)

    assert batch.frame["person"].to_list() == ["Lee, Ann", "Lee, Ann", "Lee", None]


def test_it_computes_in_the_declared_order() -> None:
    of = registered(NAMES, computed={"person": Join("first", "last"), "name": FirstOf("store", "person")})

    batch = through(batch_of(of, ROWS), normalize, apply_mapping)

    assert batch.frame["name"].to_list() == ["Bikes", "Ann Lee", "Lee", None]


def test_it_keeps_joined_text_composed() -> None:
    of = registered({"id": Text(), "mark": Text()}, computed={"both": Join("id", "mark", by="")})

    batch = through(batch_of(of, [{"id": "e", "mark": "\u0301"}]), normalize, apply_mapping)

    assert batch.frame["both"].to_list() == ["é"]
