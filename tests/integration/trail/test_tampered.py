"""What somebody did to the tables by hand is named, where it was done."""

from __future__ import annotations

import pytest

from sync.errors import InvalidRequest
from sync.trail.chain import ends, read_point
from sync.trail.verify import verify
from sync.trail.walk import Fault
from tests.integration.trail.conftest import act, past_the_triggers

NULLS = "decode(repeat('00', 32), 'hex')"


def first() -> Fault:
    found = verify()
    assert not found.holds
    return found.faults[0]


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'nobody'",
        "reason = NULL",
        "at = at + interval '1 microsecond'",
        "after = '{\"most\": 99}'",
        "before = NULL",
        "request_id = ''",
        "reason = object_id, object_id = reason",
    ],
)
def test_a_changed_entry_is_named(five: list[str], change: str) -> None:
    with past_the_triggers() as cursor:
        cursor.execute(f"UPDATE audit SET {change} WHERE id = %s", (five[2],))

    fault = first()

    assert (fault.kind, fault.seq, str(fault.audit_id)) == ("changed", 3, five[2])
    assert "entry 3" in fault.message
    assert len(verify().faults) == 1


def test_a_changed_link_is_named(five: list[str]) -> None:
    with past_the_triggers() as cursor:
        cursor.execute(f"UPDATE audit_link SET hash = {NULLS} WHERE seq = 3")

    assert (first().kind, first().seq) == ("changed", 3)


def test_a_removed_entry_is_named(five: list[str]) -> None:
    with past_the_triggers() as cursor:
        cursor.execute("DELETE FROM audit WHERE id = %s", (five[2],))

    assert (first().kind, first().seq, str(first().audit_id)) == ("removed", 3, five[2])
    assert verify().entries == 4


def test_entries_removed_with_their_links_are_named(five: list[str]) -> None:
    with past_the_triggers() as cursor:
        cursor.execute("DELETE FROM audit WHERE id = ANY(%s::uuid[])", (five[1:3],))
        cursor.execute("DELETE FROM audit_link WHERE seq IN (2, 3)")

    assert (first().kind, first().seq) == ("removed", 2)
    assert "entries 2 to 3 were removed" in first().message
    assert len(verify().faults) == 1


def test_an_entry_that_came_past_the_chain_is_named(five: list[str]) -> None:
    with past_the_triggers() as cursor:
        cursor.execute(
            "INSERT INTO audit SELECT gen_random_uuid(), at, actor, door, act, object_type, object_id FROM audit"
            " WHERE id = %s RETURNING id",
            (five[2],),
        )
        (inserted,) = cursor.fetchone()

    assert (first().kind, first().audit_id) == ("inserted", inserted)


def test_entries_that_changed_places_are_named(five: list[str]) -> None:
    with past_the_triggers() as cursor:
        cursor.execute("UPDATE audit_link SET audit_id = gen_random_uuid() WHERE seq = 2")
        cursor.execute("UPDATE audit_link SET audit_id = %s WHERE seq = 4", (five[1],))
        cursor.execute("UPDATE audit_link SET audit_id = %s WHERE seq = 2", (five[3],))

    assert [(fault.kind, fault.seq) for fault in verify().faults] == [("reordered", 2), ("reordered", 4)]
    assert five[1] in first().message


def test_a_cut_end_is_told_by_the_head(five: list[str]) -> None:
    with past_the_triggers() as cursor:
        cursor.execute("DELETE FROM audit WHERE id = ANY(%s::uuid[])", (five[3:],))
        cursor.execute("DELETE FROM audit_link WHERE seq > 3")

    assert (first().kind, first().seq) == ("truncated", 4)


def test_a_cut_end_whose_head_was_put_back_is_told_by_a_head_kept_elsewhere(five: list[str]) -> None:
    kept = str(verify().head)
    with past_the_triggers() as cursor:
        cursor.execute("DELETE FROM audit WHERE id = ANY(%s::uuid[])", (five[3:],))
        cursor.execute("DELETE FROM audit_link WHERE seq > 3")
        cursor.execute(
            "UPDATE audit_chain SET head_seq = 3, head_hash = (SELECT hash FROM audit_link WHERE seq = 3)"
        )

    assert verify().holds
    assert [fault.kind for fault in verify(read_point(kept)).faults] == ["truncated"]
    for number in range(3):  # and the chain grows again over what it was
        act(number)
    assert verify().holds
    assert [fault.kind for fault in verify(read_point(kept)).faults] == ["rewritten"]


def test_a_head_kept_elsewhere_goes_on_being_in_the_chain(five: list[str]) -> None:
    kept = str(verify().head)
    act(6)

    assert verify(read_point(kept)).holds
    assert verify(ends()[0]).holds


def test_a_head_that_was_changed_alone_is_told(five: list[str]) -> None:
    with past_the_triggers() as cursor:
        cursor.execute(f"UPDATE audit_chain SET head_hash = {NULLS}")

    assert first().kind == "rewritten"


def test_many_faults_are_told_as_far_as_one_reads(five: list[str]) -> None:
    for number in range(25):
        act(number)
    with past_the_triggers() as cursor:
        cursor.execute("UPDATE audit SET actor = 'nobody'")

    assert [fault.seq for fault in verify().faults] == list(range(1, 21))


@pytest.mark.parametrize("text", ["", "5", "5:abc", f"-1:{'0' * 64}", f"x:{'0' * 64}", f"5:{'g' * 64}"])
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read_point(text)

    assert caught.value.code == "bad_head"
