"""The short form of the crash matrix, and of what judges it; `python -m tests.chaos --long --write` is the long one."""

from __future__ import annotations

import pytest

from tests.chaos import cells, report
from tests.chaos.matrix import Matrix
from tests.chaos.ran import Ran


@pytest.mark.slow
def test_what_is_killed_and_what_fails_loses_nothing_and_does_nothing_twice() -> None:
    ran = Matrix(cells.short(), seed=1, tell=lambda _: None).run(worlds=4)

    assert [one.told() for one in ran if one.broken] == []
    assert {one.key for one in ran} == {cell.key for cell in cells.short()}


@pytest.mark.long
@pytest.mark.timeout(6 * 3600)
def test_every_cell_holds() -> None:
    ran = Matrix(cells.long(), seed=1, tell=lambda _: None).run(worlds=6)

    assert [one.told() for one in ran if one.broken] == []


def test_a_cell_has_one_name_and_its_own_dice() -> None:
    every = cells.long()

    assert len({cell.key for cell in every}) == len(every)
    assert len({cell.dice(1).random() for cell in every}) == len(every)
    assert every[0].dice(1).random() != every[0].dice(2).random()


def test_pairs_leave_out_no_two_things_that_the_long_form_puts_together() -> None:
    chosen, every = cells.pairs(1), cells.long()

    assert set().union(*(cell.pairs for cell in chosen)) == set().union(*(cell.pairs for cell in every))
    assert len(chosen) < len(every) / 3
    worker = frozenset({"push process worker", "push point sent"})
    assert any(worker in cell.pairs for cell in chosen)


def test_the_table_counts_runs_and_names_what_is_red() -> None:
    runs = [
        Ran("worker@ingest/none/none", 1, recovery=17.0),
        Ran("worker@ingest/500/none", 2, ["lost: [5] (1)"]),
        Ran("web@sent/lost/none", 2),
    ]

    text = report.text(runs)

    assert "**3 runs of 3 cells, 1 red**; seeds 1, 2." in text
    assert "17.0 s at most" in text
    assert "| worker |  |  |  |  |  |  |  | 2 (1 red) |  |  |  |" in text
    assert "- `worker@ingest/500/none`, seed 2: lost: [5] (1)" in text
