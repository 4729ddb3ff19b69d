"""The fingerprint that the memo of raw bytes hangs on."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import polars as pl
import pytest

from sync.fields import Boolean, Field, FirstOf, Integer, Join, Text, lower, upper
from sync.fingerprint import fingerprint, seed
from sync.registry import Registered
from tests.unit.pipeline.staging import registered

FIELDS: dict[str, Field] = {"id": Integer(), "name": Text(clean=(lower,)), "nick": Text()}


def broken() -> pl.Expr:
    return pl.col("id") == "0"


def known(fields: dict[str, Field] | None = None, **more: Any) -> Registered:
    return registered({**FIELDS, **(fields or {})}, **more)


def test_it_is_the_same_for_the_same_declaration() -> None:
    assert fingerprint(known(), 0) == fingerprint(known(), 0)


@pytest.mark.parametrize(
    "other",
    [
        known({"name": Text(clean=(upper,))}),
        known({"name": Text(clean=(lower,), source="n")}),
        known({"name": Text(clean=(lower,), required=True)}),
        known({"name": Text(clean=(lower,), max_length=9)}),
        known({"nick": Boolean()}),
        known({"more": Text()}),
        known(computed={"full": Join("name", "nick")}),
        known(computed={"full": FirstOf("name", "nick")}),
        known(volatile=("nick",)),
        known(key=("id", "name")),
        known(cursor="id"),
        known(revision=2),
        known(rules=(("zero", "Zero.", broken),)),
    ],
)
def test_it_differs_where_the_declaration_does(other: Registered) -> None:
    assert fingerprint(other, 0) != fingerprint(known(), 0)


def test_it_differs_by_the_mapping_version() -> None:
    assert fingerprint(known(), 1) != fingerprint(known(), 0)


def test_it_does_not_hang_on_words_for_people() -> None:
    assert fingerprint(known({"nick": Text(label="Nickname")}, label="Things"), 0) == fingerprint(known(), 0)


def test_it_is_the_same_in_another_process() -> None:
    # Without Django: the pipeline's batch module is all that a fingerprint needs of it.
    script = (
        "import hashlib; from sync.fields import *; from sync.fingerprint import _of_field; import json;"
        "print(json.dumps(_of_field(Text(clean=(lower,))), sort_keys=True))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed_},
        ).stdout
        for seed_ in ("1", "2")
    ]

    assert runs[0] == runs[1]
    assert "sync.fields.lower" in runs[0]


def test_it_seeds_with_64_bits() -> None:
    print_ = fingerprint(known(), 0)

    assert seed(print_) == int.from_bytes(print_.bytes[:8], "big")
    assert 0 <= seed(print_) < 2**64
