"""Which rows can land that are each other's parents, against the definition; and that it takes no time."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from sync.pipeline import kin
from sync.pipeline.families import families
from sync.pipeline.kin import MISSING, NONE

MANY = 100_000


@st.composite
def entities(draw: st.DrawFn) -> list[kin.Above]:
    """The references of up to eight rows, one to three each."""
    rows = draw(st.integers(1, 8))
    place = st.integers(0, rows - 1) | st.sampled_from([NONE, MISSING])
    column = st.lists(place, min_size=rows, max_size=rows)
    return [np.array(one, dtype=np.int64) for one in draw(st.lists(column, min_size=1, max_size=3))]


def can_land(above: list[kin.Above]) -> set[int]:
    """The largest set of rows of which each one's parents are there or in the set."""
    left = set(range(len(above[0])))
    while True:
        stays = {row for row in left if all(one[row] == NONE or one[row] in left for one in above)}
        if stays == left:
            return left
        left = stays


def reached(above: list[kin.Above], row: int) -> set[int]:
    found, new = {row}, [row]
    for at in new:
        more = {int(one[at]) for one in above if one[at] >= 0} - found
        found |= more
        new += more
    return found


@given(entities())
def test_a_row_can_land_with_all_that_is_above_it(above: list[kin.Above]) -> None:
    why = kin.held_back(above)

    free = can_land(above)
    assert set(np.flatnonzero(why == NONE)) == free
    for row in set(range(len(why))) - free:
        parent = above[why[row]][row]
        assert parent == MISSING or parent not in free


@given(entities())
def test_a_family_is_what_is_above_each_other(above: list[kin.Above]) -> None:
    free = sorted(can_land(above))

    found = list(families(above, free))

    assert sorted(row for family in found for row in family) == free
    family_of = {row: number for number, family in enumerate(found) for row in family}
    for row in free:
        higher = reached(above, row)
        assert {other for other in higher if row in reached(above, other)} == set(found[family_of[row]])
        assert all(family_of[other] <= family_of[row] for other in higher)


def test_a_chain_is_followed_to_its_end() -> None:
    chain = np.arange(-1, MANY - 1)  # each row under the one before, the first under none

    assert (kin.held_back([chain]) == NONE).all()
    assert [family[0] for family in families([chain], range(MANY))] == list(range(MANY))


def test_a_chain_without_a_beginning_does_not_land() -> None:
    chain = np.arange(-1, MANY - 1)
    chain[0] = MISSING

    assert (kin.held_back([chain]) == 0).all()


def test_a_large_ring_is_one_family() -> None:
    ring = np.roll(np.arange(MANY), 1)

    (family,) = families([ring], range(MANY))

    assert sorted(family) == list(range(MANY))


def test_a_parent_is_here_already_or_among_the_rows_or_nowhere() -> None:
    keys = pl.Series([b"a", b"b", b"c", b"d"])
    parents = pl.Series([None, b"a", b"x", b"here"], dtype=pl.Binary)

    found = kin.places(keys, parents, pl.Series([b"here"]))

    assert found.tolist() == [NONE, 0, MISSING, NONE]
