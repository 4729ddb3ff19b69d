"""A large table's hashes come while rows are asked about: what is not known yet is asked for again."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from django.db import ProgrammingError

from sync.models import Record
from sync.pipeline import memo, memo_reading
from sync.pipeline.hashes import Hashes, Numbers
from sync.pipeline.memo import Memo
from sync.pipeline.memo_reading import Reading
from sync.schema import entity_id
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, run, sync

GADGETS = "shop.gadgets"


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every table is read on a thread, a page of it at once."""
    monkeypatch.setattr(memo, "APART", 1)
    monkeypatch.setattr(memo_reading, "_PAGES_A_STRETCH", 1)


class Slow:
    """A reading whose stretches come when they are let through."""

    def __init__(self, *stretches: Numbers) -> None:
        self.stretches = stretches
        self.through = threading.Semaphore(0)
        self.reading = Reading(Hashes())
        self.reading.ended = False
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self) -> None:
        self.reading._take(self._each())
        self.through.acquire()
        with self.reading._more:
            self.reading.ended = True
            self.reading._more.notify_all()

    def _each(self) -> Iterator[Numbers]:
        for stretch in self.stretches:
            self.through.acquire()
            yield stretch


def test_an_answer_waits_for_nearly_all_or_for_the_end() -> None:
    drawn = np.random.default_rng(7).integers(0, 2**64, (40, 2), np.uint64)
    slow = Slow(drawn[:20], drawn[20:38])
    answers = []

    def ask(most_open: int) -> None:
        answers.append(int(slow.reading.answer(lambda held: held.meet(drawn), most_open).sum()))

    first = threading.Thread(target=ask, args=[4])
    last = threading.Thread(target=ask, args=[0])
    first.start()
    last.start()
    slow.through.release()
    first.join(0.05)
    assert first.is_alive()
    assert last.is_alive()
    slow.through.release()
    first.join()
    last.join(0.05)
    assert last.is_alive()
    slow.through.release()
    for thread in (last, slow.thread):
        thread.join()

    assert answers == [38, 38]


@pytest.mark.usefixtures("apart", "page_by_page")
def test_a_sync_beside_the_reading_counts_as_any_other(far_end: FarEnd) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(55)))
    sync(GADGETS)
    # As if each had been mended: only its bytes are those of the far end.
    Record.objects.filter(entity_id=entity_id(GADGETS)).update(data_hash=bytes(32))
    changed = gadget(7, name="New", updated_at="2026-02-01T00:00:00Z")
    kept = [gadget(number) for number in range(54) if number != 7]
    far_end.set("gadgets", *kept, changed, gadget(60), {"name": "?"})

    counts = dict(run("sync", GADGETS, full=True).result or {})

    names = ("rows_fetched", "normalized", "skipped", "inserted", "updated", "failed")
    assert [counts.get(name, 0) for name in names] == [56, 56, 53, 1, 1, 1]


@pytest.mark.usefixtures("apart", "far_end")
def test_what_it_stumbles_over_is_raised_where_it_is_asked() -> None:
    unread = Memo("no_such_table", 1_000, whole=True)
    unread.begin()

    with pytest.raises(ProgrammingError, match="no_such_table"):
        unread.knows(bytes(16))
    unread.close()
