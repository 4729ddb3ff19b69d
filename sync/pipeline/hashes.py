"""A set of 16-byte hashes in flat arrays: however many it holds, each is found within a few steps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.uint64]
"""Hashes as rows of two numbers: only compared, so in whichever order this machine reads their bytes."""

HASH_BYTES = 16
FULLEST = 0.6
"""Share of the places that are taken at most: beyond that the way to a free one grows long."""
_FEWEST = 1_024
_AT_ONCE = 65_536


def numbers(hashes: bytes) -> Numbers:
    """Hashes, joined, as numbers."""
    return np.frombuffer(hashes, np.uint64).reshape(-1, 2)


def among(asked: bytes, held: bytes) -> npt.NDArray[np.bool_]:
    """Which of some hashes are among many others; both joined."""
    few, many = Hashes(), numbers(held)
    few.add(numbers(asked))
    for start in range(0, len(many), _AT_ONCE):
        few.meet(many[start : start + _AT_ONCE])
    return few.has_met(numbers(asked))


class Hashes:
    """Takes 24 bytes a hash. Not safe for threads.

    Each stands at the place that its bits name, or at the next free one after it (open addressing): what was sorted
    would have to be sorted again for each stretch that is added, and takes twenty steps to search.
    """

    def __init__(self, expected: int = 0) -> None:
        """`expected`: about so many will be added."""
        self._held: Numbers = np.empty((0, 2), np.uint64)
        self._met = np.empty(0, bool)
        self._places = np.zeros(0, np.int32)  # number of the hash that stands there, from 1; 0 = free
        self._count = 0
        self._make_room(max(expected, _FEWEST))

    def __len__(self) -> int:
        """How many were added."""
        return self._count

    def add(self, more: Numbers) -> None:
        """Add hashes."""
        before, self._count = self._count, self._count + len(more)
        if self._count > len(self._held):
            self._make_room(self._count + self._count // 4, before)
        self._held[before : self._count] = more
        self._enter(before, self._count)

    def meet(self, asked: Numbers) -> npt.NDArray[np.bool_]:
        """Whether each of these is among them; it counts as met from now on."""
        found = self._find(asked)
        self._met[found[found > 0] - 1] = True
        return found > 0

    def has_met(self, asked: Numbers) -> npt.NDArray[np.bool_]:
        """Whether each of these is among them, and was met before."""
        found = self._find(asked)
        return (found > 0) & self._met[found - 1]

    def _find(self, asked: Numbers) -> npt.NDArray[np.int32]:
        """The number of each, from 1; 0 = not among them."""
        found = np.zeros(len(asked), np.int32)
        which, at = np.arange(len(asked)), self._first_places(asked)
        while len(which):  # take and flatnonzero: three times as fast as brackets, and as masks
            here = self._places.take(at)
            # Where the place is free, it is compared with the last one; that is passed over.
            standing = self._held.take(here - 1, axis=0)
            same = (standing[:, 0] == asked[:, 0]) & (standing[:, 1] == asked[:, 1]) & (here > 0)
            hits, others = np.flatnonzero(same), np.flatnonzero((here > 0) & ~same)
            found[which.take(hits)] = here.take(hits)
            which, asked, at = which.take(others), asked.take(others, axis=0), self._after(at.take(others))
        return found

    def _enter(self, first: int, until: int) -> None:
        """Give those from the one to the other a place."""
        entering = np.arange(first + 1, until + 1, dtype=np.int32)
        at = self._first_places(self._held[first:until])
        while len(entering):
            free = np.flatnonzero(self._places.take(at) == 0)
            self._places[at.take(free)] = entering.take(
                free
            )  # of those that want the same place, one has it then
            left = np.flatnonzero(self._places.take(at) != entering)
            entering, at = entering.take(left), self._after(at.take(left))

    def _make_room(self, capacity: int, taken: int = 0) -> None:
        held, met = np.empty((capacity, 2), np.uint64), np.zeros(capacity, bool)
        held[:taken], met[:taken] = self._held[:taken], self._met[:taken]
        self._held, self._met = held, met
        self._places = np.zeros(int(capacity / FULLEST), np.int32)
        self._enter(0, taken)

    def _first_places(self, asked: Numbers) -> npt.NDArray[np.int64]:
        # The upper half of a number as a fraction of one, times the places: any number of them will do.
        fraction = asked[:, 0] >> np.uint64(32)
        return (fraction * np.uint64(len(self._places)) >> np.uint64(32)).astype(np.int64)

    def _after(self, at: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        at += 1
        at[at == len(self._places)] = 0
        return at
