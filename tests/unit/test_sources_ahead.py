"""A client asks for the next page while it takes the one before apart, and for none in vain."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from sync.errors import TransientError
from sync.sources import Ask, Page
from sync.sources.paging import Offset, PageNumber, Paging
from sync.sources.rest import Rest
from tests.unit.test_sources_rest import NAMES, by_number, by_offset, client, rows
from tests.wire import Asked, Said, Wire, said

OFFSET = Offset(total="total")


def read(wire: Wire, paging: Paging = OFFSET, items: str = "data.items") -> Iterator[Page]:
    return client(wire).pages(Rest(path="/x", items=items, paging=paging), Ask(page_size=2))


def test_the_page_after_the_next_is_asked_for_before_the_next_is_wanted() -> None:
    second = threading.Event()

    def answer(asked: Asked) -> Said:
        if asked.params["offset"] == "4":
            second.set()
        return by_offset(asked)

    with Wire(answer) as wire:
        pages = read(wire)
        next(pages)
        assert len(wire.asked) == 1, "the first answer tells how many there are"
        next(pages)
        assert second.wait(5), "nobody has taken that page yet"
        assert len(list(pages)) == 1


@pytest.mark.parametrize(
    "paging", [OFFSET, Offset(more="meta.more"), Offset()], ids=["total", "more", "neither"]
)
def test_each_page_is_asked_for_once(paging: Offset) -> None:
    with Wire(by_offset) as wire:
        assert rows(list(read(wire, paging))) == NAMES
        assert [asked.params["offset"] for asked in wire.asked] == ["0", "2", "4"]


def test_pages_by_number_are_guessed_too() -> None:
    def answer(asked: Asked) -> Said:
        return said({**json.loads(by_number(asked).body), "total": len(NAMES)})

    with Wire(answer) as wire:
        assert rows(list(read(wire, PageNumber(total="total"), "items"))) == NAMES
        assert [asked.params["page"] for asked in wire.asked] == ["1", "2", "3"]


def test_a_page_with_fewer_rows_than_asked_for_makes_the_guess_void() -> None:
    def answer(asked: Asked) -> Said:
        begin = int(asked.params["offset"])
        items = [{"id": name} for name in NAMES[begin : begin + 1]]  # the far end gives one row a page
        return said({"data": {"items": items}, "total": len(NAMES)})

    with Wire(answer) as wire:
        assert rows(list(read(wire))) == NAMES
        offsets = [asked.params["offset"] for asked in wire.asked]
        assert offsets == ["0", "1", "3", "2", "3", "4"], "guessed wrong once, and then no more"


def test_nothing_is_asked_beyond_the_pages_that_are_wanted() -> None:
    with Wire(by_offset) as wire:
        resource = Rest(path="/x", items="data.items", paging=OFFSET)
        pages = client(wire).pages(resource, Ask(page_size=1, pages=3))
        assert rows([next(pages) for _ in range(3)]) == NAMES[:3]
        assert [asked.params["offset"] for asked in wire.asked] == ["0", "1", "2"]


def test_a_paging_that_cannot_tell_is_asked_page_by_page() -> None:
    class Plain:
        total = "total"
        ask = staticmethod(OFFSET.ask)
        following = staticmethod(OFFSET.following)

    with Wire(by_offset) as wire:
        assert rows(list(read(wire, Plain()))) == NAMES


def test_an_error_comes_with_the_page_that_has_it() -> None:
    def answer(asked: Asked) -> Said:
        return Said(status=500) if asked.params["offset"] == "4" else by_offset(asked)

    with Wire(answer) as wire:
        pages = read(wire)
        assert rows([next(pages), next(pages)]) == NAMES[:4]
        with pytest.raises(TransientError, match="answered 500"):
            next(pages)


def test_a_reader_that_stops_leaves_no_thread_behind() -> None:
    with Wire(by_offset) as wire:
        pages: Any = read(wire)
        next(pages)
        next(pages)
        pages.close()
        for thread in threading.enumerate():
            if thread.name.startswith("ask-ahead"):
                thread.join(5)
                assert not thread.is_alive()
