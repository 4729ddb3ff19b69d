"""Flat arrays find the same hashes as Python's set, however alike these are."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sync.pipeline.hashes import Hashes, Numbers, among, numbers

# Few values, so that halves are equal, hashes repeat, and many want the same place.
half = st.sampled_from([0, 1, 2**31, 2**32, 2**32 + 1, 2**63, 2**64 - 1])
hashes = st.lists(st.tuples(half, half), max_size=12)


def array(pairs: list[tuple[int, int]]) -> Numbers:
    return np.array(pairs, np.uint64).reshape(-1, 2)


@given(stretches=st.lists(hashes, max_size=4), asked=hashes, later=hashes)
def test_they_are_found_if_they_were_added_and_met_if_they_were_asked_for(
    stretches: list[list[tuple[int, int]]], asked: list[tuple[int, int]], later: list[tuple[int, int]]
) -> None:
    held = Hashes()
    for stretch in stretches:
        held.add(array(stretch))
    added = {pair for stretch in stretches for pair in stretch}

    assert held.meet(array(asked)).tolist() == [pair in added for pair in asked]
    assert held.has_met(array(later)).tolist() == [pair in added and pair in asked for pair in later]
    assert len(held) == sum(map(len, stretches))


def test_more_than_expected_find_room_and_what_was_met_stays_so() -> None:
    drawn = np.random.default_rng(7).integers(0, 2**64, (9_000, 2), np.uint64)
    held = Hashes(10)
    held.add(drawn[:500])
    held.meet(drawn[:100])

    for start in range(500, 8_000, 500):
        held.add(drawn[start : start + 500])

    assert held.has_met(drawn).tolist() == [True] * 100 + [False] * 8_900
    assert held.meet(drawn).tolist() == [True] * 8_000 + [False] * 1_000


def test_bytes_are_told_apart_by_each_of_their_16() -> None:
    whole = bytes(range(16))
    held = Hashes()
    held.add(numbers(whole))
    others = [whole[:place] + b"\xff" + whole[place + 1 :] for place in range(16)]

    assert held.meet(numbers(b"".join([whole, *others]))).tolist() == [True] + [False] * 16
    assert held.meet(numbers(b"")).tolist() == []


@given(asked=hashes, others=hashes)
def test_a_few_are_found_among_many(asked: list[tuple[int, int]], others: list[tuple[int, int]]) -> None:
    many = array(others * 9_000)

    assert among(array(asked).tobytes(), many.tobytes()).tolist() == [pair in others for pair in asked]
