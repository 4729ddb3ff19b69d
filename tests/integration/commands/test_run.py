"""A command takes effect once, whatever the far end does: what is not known is looked for before it is sent again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from sync.http import SHARED
from sync.models import Budget, Command
from tests import office as moods
from tests.integration.commands.conftest import LETTER, ask, run, run_to_end, states, steps
from tests.office import Office


def test_it_is_sent_and_proven(office: Office) -> None:
    command = ask("mail")

    assert run(command) == "success"

    assert states(command) == ["intended", "sent", "proven"]
    assert (command.state, command.remote_id, command.job.status) == ("proven", "E1", "success")
    assert [one["body"] for one in office.effects] == [LETTER]


def test_the_same_key_goes_out_on_every_try(office: Office) -> None:
    office.moods.extend([moods.BUSY, moods.BUSY])
    command = ask("book")

    run_to_end(command)

    assert {path for method, path in office.asked if method == "PUT"} == {f"/bookings/{command.effect_key}"}


@pytest.mark.parametrize("mood", [moods.LOST, moods.BROKEN_AFTER])
@pytest.mark.parametrize("name", ["book", "mail"])
def test_an_answer_that_is_lost_after_the_effect_is_read_back(office: Office, name: str, mood: str) -> None:
    office.moods.append(mood)
    command = ask(name)

    outcomes = run_to_end(command)

    assert outcomes == ["retry", "success"]
    assert states(command) == ["intended", "sent", "unknown", "proven"]
    assert len(office.effects) == 1


@pytest.mark.parametrize("mood", [moods.CUT, moods.BROKEN])
def test_what_surely_is_not_there_is_sent_again(office: Office, mood: str) -> None:
    office.moods.append(mood)
    command = ask("mail")

    run_to_end(command)

    assert (command.state, len(office.effects)) == ("proven", 1)
    assert steps(command) == [
        *("asked", "sending", "no_answer", "looked", "looked", "looked"),
        *("sending", "answered"),
    ]


def test_a_far_end_that_lists_late_is_asked_again_before_anything_is_sent(office: Office) -> None:
    office.moods.append(moods.LOST)
    office.hidden = True
    command = ask("mail")

    assert [run(command) for _ in range(3)] == ["retry"] * 3
    office.hidden = False
    assert run(command) == "success"

    assert len(office.effects) == 1
    assert steps(command)[2:] == ["no_answer", "looked", "looked", "looked"]


def test_a_look_that_is_not_due_asks_nobody(office: Office) -> None:
    office.moods.append(moods.LOST)
    office.hidden = True
    command = ask("slow")
    run(command)
    asked = len(office.asked)

    assert [run(command) for _ in range(3)] == ["retry"] * 3

    assert len(office.asked) == asked
    assert (command.state, command.job.hold, command.job.attempts) == ("unknown", "backoff", 0)


def test_an_answer_that_proves_no_effect_needs_no_look(office: Office) -> None:
    office.moods.append(moods.BUSY)
    command = ask("mail")

    run_to_end(command)

    assert steps(command) == ["asked", "sending", "no_effect", "sending", "answered"]
    assert len(office.effects) == 1


def test_a_far_end_that_cannot_be_reached_took_no_effect(committing: None) -> None:
    command = ask("mail")

    assert run(command) == "retry"

    assert (command.state, command.job.error_code) == ("intended", "far_end_unreachable")
    assert steps(command) == ["asked", "sending", "no_effect"]


@pytest.mark.parametrize("second", [moods.BUSY, moods.LOCKED])
def test_a_second_request_that_did_nothing_says_nothing_of_the_first(office: Office, second: str) -> None:
    office.moods.extend([moods.OK, second])
    command = ask("both")

    outcomes = run_to_end(command)

    assert (outcomes[-1], command.state) == ("success", "proven")
    assert [one["of"] for one in office.effects] == ["letters"]
    assert steps(command) == ["asked", "sending", "no_answer", "looked"]


def test_a_first_request_that_was_refused_leaves_it_unsent(office: Office) -> None:
    office.moods.append(moods.BUSY)
    command = ask("both")

    assert (run(command), command.state) == ("retry", "intended")


def test_a_command_whose_tries_are_used_up_fails_unsent(office: Office) -> None:
    office.moods.extend([moods.BUSY] * 4)
    command = ask("mail")

    outcomes = run_to_end(command)

    assert outcomes == ["retry", "retry", "retry", "failed"]
    assert (command.state, command.job.error_code, office.effects) == ("intended", "rate_limited", [])


def test_a_refusal_fails_at_once_with_the_far_ends_words(office: Office) -> None:
    office.moods.append(moods.REFUSED)
    command = ask("mail")

    assert run(command) == "failed"

    assert (command.state, command.job.error_code) == ("refused", "far_end_refused")
    assert "no such address" in (command.job.error or "")
    assert office.effects == []


def test_a_refusal_may_be_a_good_end(office: Office) -> None:
    office.moods.append(moods.REFUSED)
    command = ask("ring")

    assert run(command) == "success"

    assert (command.state, command.job.result) == ("refused", {"state": "refused", "remote_id": None})


def test_credentials_that_are_refused_park_it(office: Office) -> None:
    office.moods.append(moods.LOCKED)
    command = ask("mail")

    assert run(command) == "parked"

    assert (command.state, command.job.hold) == ("intended", "configuration")


def test_what_nobody_can_be_asked_about_waits_for_a_person(office: Office) -> None:
    office.moods.append(moods.LOST)
    command = ask("ring")

    assert run(command) == "failed"

    assert (command.state, command.job.error_code) == ("unknown", "outcome_unknown")
    assert "settle" in (command.job.error or "")


def test_a_far_end_that_takes_it_on_is_asked_until_it_is_done(office: Office) -> None:
    office.hidden = True
    command = ask("hand_in")

    assert [run(command), run(command)] == ["retry", "retry"]
    assert (command.state, command.remote_id) == ("sent", "E1")
    office.hidden = False
    assert run(command) == "success"

    assert steps(command) == ["asked", "sending", "accepted", "looked", "looked"]


def test_a_read_back_that_fails_is_tried_again(office: Office) -> None:
    office.moods.append(moods.LOST)
    office.reads.append(moods.BROKEN)
    command = ask("mail")

    assert run_to_end(command) == ["retry", "retry", "success"]

    assert (command.state, len(office.effects)) == ("proven", 1)


def test_two_equal_letters_are_two_even_where_both_answers_are_lost(office: Office) -> None:
    office.moods.extend([moods.LOST, moods.LOST])
    one, other = ask("mail"), ask("mail")

    run(one)
    run(other)
    run_to_end(other)
    run_to_end(one)

    assert {one.remote_id, other.remote_id} == {"E1", "E2"}
    assert len(office.effects) == 2


def test_an_answer_with_an_id_that_another_command_owns_is_looked_into(office: Office) -> None:
    other = ask("mail")
    Command.objects.filter(pk=other.pk).update(remote_id="E1")
    command = ask("mail")

    assert run(command) == "retry"

    assert (command.state, command.remote_id) == ("unknown", None)
    assert "another command" in (command.job.error or "")


def test_one_taken_on_with_an_id_that_another_command_owns_is_looked_into(office: Office) -> None:
    other = ask("hand_in")
    Command.objects.filter(pk=other.pk).update(remote_id="E1")
    command = ask("hand_in")

    assert run(command) == "retry"

    assert (command.state, command.remote_id, command.job.error_code) == ("unknown", None, "outcome_unknown")
    assert "belongs to another command" in (command.job.error or "")


def test_one_that_is_found_as_anothers_time_and_again_is_left_to_a_person(office: Office) -> None:
    run(ask("shout"))
    office.moods.append(moods.LOST)
    command = ask("shout")

    assert run_to_end(command) == ["retry", "retry", "failed"]

    assert (command.state, command.job.error_code, len(office.effects)) == ("unknown", "outcome_unknown", 2)
    assert "belongs to another command" in (command.job.error or "")


def test_a_command_that_is_declared_elsewhere_is_left_to_others_and_parked_in_the_end(office: Office) -> None:
    command = ask("mail")
    ours = Command.objects.filter(pk=command.pk)
    ours.update(kind="shop.gone")

    assert run(command) == "retry"
    assert (command.job.error_code, command.job.attempts) == ("unknown_command", 0)

    ours.update(created_at=timezone.now() - timedelta(hours=2))
    assert run(command) == "parked"
    assert office.asked == []


def test_a_second_delivery_of_a_proven_one_does_nothing(office: Office) -> None:
    command = ask("mail")
    run(command)

    assert run(command) == "stale"

    assert len(office.effects) == 1


def test_a_system_that_asked_for_a_pause_is_not_said_to_be_sent_to(office: Office) -> None:
    SHARED.refused("shop", 60.0)
    command = ask("mail")

    assert run(command) == "retry"

    assert (steps(command), command.job.error_code, command.job.attempts) == (["asked"], "rate_limited", 0)
    Budget.objects.all().delete()
