"""Rows made from a seed in place of a table's own, which grow and change as they are told: the same each time."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from bridge.sandbox.store import Row, StoreError, Table, key_text
from bridge.sandbox.tokens import Columns

FIRST = 100_001
"""The number of the first row; none of the tables' own rows has one as high."""
LARGEST = 1_000_000


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many rows there shall be, and what becomes of those that there are."""

    rows: int
    seed: int = 1
    changed: int = 0  # of the good ones that there are
    broken: int = 0  # of those that come: a required column is missing, a number is none …


def generate(table: Table, wanted: Wanted) -> dict[str, Any]:
    """Bring a table to what is wanted; how many rows came and went, and the keys of the changed and the broken.

    The first call, or one with another seed, takes the table's rows out. Raises StoreError.
    """
    if table.generator is None:
        raise StoreError(f"{table.name} has no generator")
    step = table.generated[1] + 1 if table.generated and table.generated[0] == wanted.seed else 0
    rows = table.rows() if step else []
    kept, gone = rows[: wanted.rows], rows[wanted.rows :] if step else table.rows()
    good = [row for row in kept if not _is_broken(table, row.columns)]
    came = wanted.rows - len(kept)
    _check(wanted, len(good), came)
    for row in gone:
        table.delete(row.key)
    table.generated = (wanted.seed, step)
    changed = _change(table, wanted.seed, step, _draw(wanted.seed, step).sample(good, wanted.changed))
    broken = _add(table, wanted, range(FIRST + len(kept), FIRST + wanted.rows))
    return {"rows": wanted.rows, "came": came, "went": len(gone), "changed": changed, "broken": broken}


def _check(wanted: Wanted, good: int, came: int) -> None:
    for name, number, most in (
        ("rows", wanted.rows, LARGEST),
        ("changed", wanted.changed, good),
        ("broken", wanted.broken, came),
    ):
        if not 0 <= number <= most:
            raise StoreError(f"{name}: from 0 to {most} here")


def _change(table: Table, seed: int, step: int, rows: list[Row]) -> list[str]:
    assert table.generator is not None
    for row in rows:
        number = int(row.key[0])
        table.change(row.key, table.generator(_draw(seed, step, number), number))
    return [key_text(row.key) for row in sorted(rows, key=lambda row: row.key)]


def _add(table: Table, wanted: Wanted, numbers: range) -> list[str]:
    assert table.generator is not None
    broken = sorted(_draw(wanted.seed, len(numbers)).sample(numbers, wanted.broken))
    kinds = [*table.dirt.values()]
    dirt = {number: kinds[place % len(kinds)] for place, number in enumerate(broken)}
    for number in numbers:
        good = table.generator(_draw(wanted.seed, 0, number), number)
        table.add({**good, **dirt.get(number, {})})
    return [str(number) for number in broken]


def _draw(*seeds: int) -> random.Random:
    return random.Random(":".join(map(str, seeds)))  # noqa: S311 - sample data, not a secret


def _is_broken(table: Table, columns: Columns) -> bool:
    return any(columns.get(name) == token for dirt in table.dirt.values() for name, token in dirt.items())
