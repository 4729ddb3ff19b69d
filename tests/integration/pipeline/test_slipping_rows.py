"""Pages by offset while one row goes and another comes: a third one slips from an unread page to a read one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sync import deletes
from sync.models import DeleteProposal
from tests.factories import now
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, run, run_waiting, sync
from tests.integration.pipeline.deleting import GADGETS, decide, found, full_read, have, live

OLD = range(1, 41)


def newcomer(number: int, **values: Any) -> dict[str, Any]:
    return gadget(number, updated_at=f"{now():%Y-%m-%dT%H:%M:%SZ}", **values)


def swapping(far_end: FarEnd, come: Callable[[], dict[str, Any]], *, gone: int = 1) -> None:
    """When the second page is asked for, a row of the first one goes, and another comes at the end."""

    def swap(params: dict[str, str]) -> None:
        if params.get("offset") == "10" and "since" not in params:
            far_end.set("gadgets", *(gadget(n) for n in OLD if n != gone), come())

    far_end.on_page = swap


def open_proposal() -> DeleteProposal:
    return DeleteProposal.objects.get(state="proposed")


def test_what_may_have_slipped_is_not_deleted(far_end: FarEnd) -> None:
    have(far_end, *OLD)
    sync(GADGETS)
    swapping(far_end, lambda: newcomer(41))

    full_read()

    assert found(21).deleted_at is None
    assert (open_proposal().count, open_proposal().sample) == (1, ["21"])
    assert "may have slipped" in (open_proposal().reason or "")


def test_the_next_read_spares_what_slipped_and_deletes_what_is_gone(far_end: FarEnd) -> None:
    have(far_end, *OLD)
    sync(GADGETS)
    swapping(far_end, lambda: newcomer(41), gone=25)  # on a page not yet read: 25 is truly missing
    full_read()
    assert open_proposal().sample == ["25"]
    swapping(far_end, lambda: newcomer(41), gone=25)

    full_read()

    assert live() == {*OLD, 41} - {25}
    assert not DeleteProposal.objects.filter(state="proposed").exists()


def test_a_row_seen_again_leaves_the_proposal(far_end: FarEnd) -> None:
    have(far_end, *OLD)
    sync(GADGETS)
    swapping(far_end, lambda: newcomer(41))
    full_read()
    far_end.on_page = None

    full_read()

    assert live() == {*OLD, 41} - {1}


def test_on_a_busy_far_end_each_row_waits_for_one_more_read_only(far_end: FarEnd) -> None:
    have(far_end, *OLD)
    sync(GADGETS)
    swapping(far_end, lambda: newcomer(41), gone=25)
    full_read()
    left = [gadget(n) for n in OLD if n not in (25, 26)]
    far_end.on_page = None
    far_end.set("gadgets", *left, newcomer(41), newcomer(42))

    full_read()

    assert found(25).deleted_at is not None
    assert found(26).deleted_at is None
    assert open_proposal().sample == ["26"]
    far_end.set("gadgets", *left, newcomer(41), newcomer(42), newcomer(43))
    full_read()
    assert live() == {*OLD, 41, 42, 43} - {25, 26}


def test_a_new_row_that_is_older_than_the_read_raises_no_doubt(far_end: FarEnd) -> None:
    have(far_end, *OLD)
    sync(GADGETS)
    far_end.set("gadgets", *(gadget(n) for n in OLD if n != 25), gadget(41))

    full_read()

    assert live() == {*OLD, 41} - {25}


def test_a_new_row_that_fails_raises_it_too(far_end: FarEnd) -> None:
    have(far_end, *OLD)
    sync(GADGETS)
    swapping(far_end, lambda: newcomer(41, price="many"))

    full_read()

    assert found(21).deleted_at is None
    assert open_proposal().sample == ["21"]


def test_one_page_raises_none(far_end: FarEnd) -> None:
    have(far_end, *OLD)
    sync(GADGETS)
    far_end.set("gadgets", *(gadget(n) for n in OLD if n != 25), newcomer(41))

    run("sync", GADGETS, full=True, page_size=1000)
    run_waiting("deletes")

    assert found(25).deleted_at is not None


def test_a_person_may_decide_before_the_next_read(far_end: FarEnd) -> None:
    have(far_end, *OLD)
    sync(GADGETS)
    swapping(far_end, lambda: newcomer(41), gone=25)
    full_read()

    decide(deletes.approve, open_proposal())

    assert found(25).deleted_at is not None


def test_rows_without_a_moment_of_their_own_may_all_be_young(far_end: FarEnd) -> None:
    far_end.set("parts", *({"id": number} for number in range(1, 2_002)))
    sync("shop.parts")
    far_end.set("parts", *({"id": number} for number in range(2, 2_003)))

    sync("shop.parts")
    run_waiting("deletes")

    assert open_proposal().count == 1
