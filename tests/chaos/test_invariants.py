"""What judges the matrix finds each kind of damage; a judge that says nothing would make every cell green."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chaos import invariants
from tests.chaos.far_end import FarEnd, is_dirty, is_orphan, name_of


class Canned:
    """A Bridge that mirrors its far end well, until a test damages it."""

    def __init__(self) -> None:
        self.far = FarEnd()
        self.far.gone[9_999] = 1
        self.records: dict[int, tuple[int, str, int, bool]] = {
            key: (key, name_of(key, version), version, True) for key, version in self.far.good.items()
        }
        self.records[9_999] = (9_999, name_of(9_999, 1), 2, False)
        self.told_twice = self.forgotten_versions = 0
        self.failed = [(key,) for key in self.far.versions if is_dirty(key)]
        self.waiting = [(key,) for key in self.far.versions if is_orphan(key)]
        self.proposed: list[tuple[int]] = []

    def rows(self, statement: str, *_: Any) -> list[tuple[Any, ...]]:
        """What the database would say."""
        revisions = sum(record[2] for record in self.records.values())
        live = sum(record[3] for record in self.records.values())
        answers: dict[str, list[Any]] = {
            invariants._RECORDS: list(self.records.values()),
            invariants._FEED: [(revisions + self.told_twice, revisions)],
            invariants._HISTORY: [(revisions - len(self.records) - self.forgotten_versions,)],
            invariants._FAILED: self.failed,
            invariants._WAITING: self.waiting,
            invariants._TRACKER: [(live, None)],
            invariants._PROPOSED: self.proposed,
            invariants._IDLE: [(0,)],
        }
        return answers[statement]

    def damage(self, kind: str) -> None:
        """Do what no blow may do."""
        key, name, revision, live = self.records[5]
        match kind:
            case "lost":
                del self.records[5]
            case "stale":
                self.far.versions[5] += 1
            case "false delete":
                self.records[5] = (key, name, revision + 1, False)
            case "written twice":
                self.records[5] = (key, name, revision + 1, live)
            case "told twice":
                self.told_twice = 1
            case "version lost":
                self.forgotten_versions = 1
            case "failure unseen":
                self.far.versions[7] = 2
                self.failed.remove((7,))
            case "never deleted":
                self.records[9_999] = (9_999, name_of(9_999, 1), 1, True)
            case "false proposal":
                self.proposed.append((5,))


def test_a_good_mirror_is_found_good() -> None:
    assert list(invariants.broken(Canned(), lied=False)) == []


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("lost", "lost: [5]"),
        ("stale", "lost: [5]"),
        ("false delete", "deleted although the far end has them: [5]"),
        ("written twice", "more revisions than versions: [(5, 2)]"),
        ("told twice", "the feed tells"),
        ("version lost", "the history holds"),
        ("failure unseen", "failed, but not shown: [7]"),
        ("never deleted", "gone at the far end, here without a word: [9999]"),
        ("false proposal", "proposed to be deleted although the far end has them: [5]"),
    ],
)
def test_damage_is_found(kind: str, words: str) -> None:
    seen = Canned()

    seen.damage(kind)

    assert any(words in found for found in invariants.broken(seen, lied=False))


@pytest.mark.parametrize("kind", ["false delete", "written twice", "told twice", "version lost"])
def test_what_may_not_happen_even_after_a_lie_is_found(kind: str) -> None:
    seen = Canned()

    seen.damage(kind)

    assert list(invariants.broken(seen, lied=True)) != []
