"""Which rows of one entity must land together, because they are each other's parents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sync.pipeline.kin import Above


def families(above: Sequence[Above], rows: Sequence[int]) -> Iterator[list[int]]:
    """The rows in groups that must land together, each group after those that its rows are under.

    These are the strongly connected components, found by their paths (Gabow's algorithm) without recursion.
    """
    parents = list(zip(*(one.tolist() for one in above), strict=True))
    number = [0] * len(parents)  # in the order of discovery, 0 = not yet
    done = [False] * len(parents)
    open_rows: list[int] = []
    bounds: list[
        tuple[int, int]
    ] = []  # the number of each row that may begin a family, and its place in open_rows
    count = 0
    for start in rows:
        walk: list[tuple[int, Iterator[int]]] = []
        entering = None if number[start] else start
        while walk or entering is not None:
            if entering is not None:
                count += 1
                number[entering] = count
                bounds.append((count, len(open_rows)))
                open_rows.append(entering)
                walk.append((entering, iter(parents[entering])))
            row, left = walk[-1]
            entering = next((p for p in left if p >= 0 and _is_new(p, number, done, bounds)), None)
            if entering is None:
                walk.pop()
                if bounds[-1][0] == number[row]:
                    family = open_rows[bounds[-1][1] :]
                    del open_rows[bounds.pop()[1] :]
                    for member in family:
                        done[member] = True
                    yield family


def _is_new(row: int, number: list[int], done: list[bool], bounds: list[tuple[int, int]]) -> bool:
    """Whether a row was not walked yet; one on the way here closes a ring with all that came since."""
    if not number[row]:
        return True
    while not done[row] and bounds[-1][0] > number[row]:
        bounds.pop()
    return False
