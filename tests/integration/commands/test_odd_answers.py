"""Far ends that answer in odd ways: what they prove is kept all the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sync.commands.compensate import compensate
from sync.commands.settle import settle
from sync.commands.standing import taken
from sync.errors import Conflict
from sync.models import Command
from tests import office as moods
from tests.integration.commands.conftest import LETTER, OPERATOR, ask, run, run_to_end, steps
from tests.office import Office


def test_a_page_of_maintenance_is_asked_again_as_no_answer_is(office: Office) -> None:
    office.moods.append(moods.LOST)
    office.reads.extend([moods.PAGE] * 2)
    command = ask("mail")

    assert [run(command) for _ in range(3)] == ["retry"] * 3
    assert (command.state, command.job.status, command.job.error_code) == (
        "unknown",
        "pending",
        "unexpected_error",
    )
    assert "find of shop.mail broke over the answer: JSONDecodeError" in (command.job.error or "")

    assert run_to_end(command)[-1] == "success"
    assert (command.state, len(office.effects), command.job.attempts) == ("proven", 1, 0)


def test_a_far_end_that_counts_has_its_things_told_apart(office: Office) -> None:
    office.told.extend([{"id": 1}, {"id": 2}])
    first = ask("mail")
    assert (run(first), first.remote_id) == ("success", "1")
    office.moods.append(moods.LOST)
    second = ask("mail")

    assert run_to_end(second)[-1] == "success"

    assert (second.remote_id, len(office.effects)) == ("2", 2)
    assert taken(second, [1, 3]) == {1}  # type: ignore[list-item, comparison-overlap]  # as a system's own code may ask


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ({"id": "a\x00b"}, "a\ufffdb"),
        ({"id": "a\ud83d"}, "a\ufffd"),
        ({"id": "E1", "note": "cut \ud83d\x00"}, "E1"),
        ({"id": "E1", "deep": json.loads("[" * 300 + "]" * 300)}, "E1"),
    ],
)
def test_what_cannot_be_stored_of_an_answer_loses_no_proof(office: Office, told: Any, kept: str) -> None:
    office.told.append(told)
    command = ask("mail")

    assert run(command) == "success"

    assert (command.state, command.remote_id) == ("proven", kept)


def test_what_cannot_be_stored_of_an_error_is_left_out_of_its_words(office: Office) -> None:
    office.moods.append(moods.REFUSED)
    office.words = "no \ud83d\x00 address"
    command = ask("frank")

    assert run(command) == "failed"

    assert (command.state, command.job.error) == ("refused", "no \ufffd\ufffd address")


def test_what_a_person_settled_is_taken_back_by_hand_where_nothing_tells_how(office: Office) -> None:
    office.moods.append(moods.LOST)
    command = ask("pay", LETTER)
    run(command)
    settle(command.pk, "proven", by=OPERATOR, reason="seen there")

    with pytest.raises(Conflict, match=r"KeyError .id.\. Ask for shop\.mail with a payload of your own"):
        compensate(command.pk, by=OPERATOR, reason="wrong")
    Command.objects.filter(pk=command.pk).update(payload={**LETTER, "to": "x" * 50})
    line = command.ledger.get(state="proven")
    line.exchange["answer"] = {"id": "E1"}
    line.save(update_fields=["exchange"])
    with pytest.raises(Conflict, match=r"does not fit shop\.mail: to: Ensure this field has no more than 40"):
        compensate(command.pk, by=OPERATOR, reason="wrong")

    assert steps(command)[-1] == "settled"
    assert not command.compensations.exists()
