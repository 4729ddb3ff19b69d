"""What the tracker says of deletes that are held back, and for how long it says so."""

from __future__ import annotations

import pytest

from sync import records
from sync.models import Tracker
from sync.registry import registry
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, run_waiting, sync
from tests.integration.pipeline.deleting import GADGETS, full_read, have, live

MANY = range(1, 31)


def tracker() -> Tracker:
    return records.tracker(registry.find(GADGETS))


def with_unreadable_key(far_end: FarEnd) -> None:
    far_end.set("gadgets", *map(gadget, MANY[:-1]), {**gadget(30), "id": "seven"})


@pytest.fixture
def held(far_end: FarEnd) -> FarEnd:
    have(far_end, *MANY)
    sync(GADGETS)
    with_unreadable_key(far_end)
    full_read()
    return far_end


def test_a_key_that_cannot_be_read_is_told(held: FarEnd) -> None:
    assert "1 failed rows have no key" in (tracker().deletes_held or "")
    assert tracker().deletes_held_since
    assert live() == set(MANY)


def test_since_when_is_kept_from_read_to_read(held: FarEnd) -> None:
    since = tracker().deletes_held_since
    held.set("gadgets", *map(gadget, MANY[:-2]), *({**gadget(30), "id": name} for name in ("six", "seven")))

    full_read()

    assert "2 failed rows" in (tracker().deletes_held or "")
    assert tracker().deletes_held_since == since


def test_an_incremental_read_changes_nothing_of_it(held: FarEnd) -> None:
    sync(GADGETS)

    assert tracker().deletes_held


def test_a_proven_read_ends_it(held: FarEnd) -> None:
    have(held, *MANY[:-1])

    full_read()

    assert (tracker().deletes_held, tracker().deletes_held_since) == (None, None)
    assert live() == set(MANY[:-1])


def test_a_read_that_finds_as_many_rows_as_records_ends_it(held: FarEnd) -> None:
    have(held, *MANY)

    full_read()

    assert tracker().deletes_held is None


def test_rows_that_do_not_agree_are_told(far_end: FarEnd) -> None:
    have(far_end, *MANY)
    sync(GADGETS)
    have(far_end, *MANY[:-2], 1)  # a key twice

    full_read()

    assert "pages shifted" in (tracker().deletes_held or "")


def test_what_a_later_read_will_tell_is_left_to_it(held: FarEnd) -> None:
    have(held, *MANY[:-1])
    sync(GADGETS, full=True)  # its comparison waits
    with_unreadable_key(held)
    sync(GADGETS, full=True)

    run_waiting("deletes")

    assert "1 failed rows have no key" in (tracker().deletes_held or "")
