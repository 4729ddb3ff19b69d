"""Rows of one entity that are each other's parents: which of them can land.

`above` holds an array for each reference to the own entity: by row, the place of its parent among the rows,
NONE where nothing has to come before it, MISSING where its parent is nowhere. All work is linear in the references.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

Above = npt.NDArray[np.int64]
NONE, MISSING = -1, -2


def places(keys: pl.Series, references: pl.Series, here: pl.Series) -> Above:
    """Where the rows' parents are: among their own keys, or `here` already; hashes of 16 bytes, null = no parent."""
    wanted = references.rename("_wanted").to_frame()
    among = pl.DataFrame({"_wanted": keys, "_place": np.arange(len(keys))})
    found = wanted.join(among, on="_wanted", how="left", maintain_order="left")
    free = pl.col("_wanted").is_null() | pl.col("_wanted").is_in(here.implode())
    place = pl.when(free).then(NONE).otherwise(pl.col("_place").fill_null(MISSING))
    return found.select(place.cast(pl.Int64)).to_series().to_numpy()


def held_back(above: Sequence[Above]) -> Above:
    """For each row the number of the reference that keeps it from landing, NONE where it can land.

    A row without its parent cannot, nor can those under it; rows that hold nothing but each other can.
    """
    why = np.full(len(above[0]), NONE)
    for number in reversed(range(len(above))):
        why[above[number] == MISSING] = number
    fallen: list[int] = np.flatnonzero(why != NONE).tolist()
    if not fallen:
        return why
    under = [_under(one) for one in above]
    reason = why.tolist()
    for row in fallen:  # grows while it is walked
        for number, (order, first, last) in enumerate(under):
            for child in order[first[row] : last[row]]:
                if reason[child] == NONE:
                    reason[child] = number
                    fallen.append(child)
    return np.array(reason, dtype=np.int64)


def _under(above: Above) -> tuple[list[int], list[int], list[int]]:
    """Rows ordered by their parent, and where those of each parent begin and end."""
    order = np.argsort(above, kind="stable")
    sizes = np.bincount(above[above >= 0], minlength=len(above))
    last = np.cumsum(sizes) + (len(above) - sizes.sum())
    return order.tolist(), (last - sizes).tolist(), last.tolist()
