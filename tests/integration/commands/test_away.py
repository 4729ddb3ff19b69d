"""A far end that is away when it is asked what became of a command: that uses up none of the tries of sending."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F

from sync.commands import FIND_RETRY
from sync.http import SHARED
from sync.jobs import verbs
from sync.models import Budget, Command, Effect
from tests import letters
from tests import office as moods
from tests.factories import now
from tests.integration.commands.conftest import OPERATOR, ask, run, run_to_end, steps
from tests.office import Office


def test_one_that_was_never_taken_goes_out_when_the_far_end_is_back(office: Office) -> None:
    office.moods.append(moods.BROKEN)
    office.reads.extend([moods.BROKEN] * 9)
    command = ask("mail")

    outcomes = run_to_end(command)

    assert outcomes == ["retry"] * 14 + ["success"]
    assert (command.state, len(office.effects), command.job.attempts) == ("proven", 1, 1)
    assert steps(command) == [
        *("asked", "sending", "no_answer", *["unanswered"] * 9, *["looked"] * 4),
        *("sending", "answered"),
    ]


@pytest.mark.parametrize("mood", [moods.BROKEN, moods.BUSY, moods.CUT])
@pytest.mark.parametrize("name", ["mail", "book"])
def test_one_whose_answer_was_lost_is_found_when_the_far_end_is_back(
    office: Office, name: str, mood: str
) -> None:
    office.moods.append(moods.LOST)
    office.reads.extend([mood] * 6)
    command = ask(name)

    outcomes = run_to_end(command)

    assert outcomes == ["retry"] * 7 + ["success"]
    assert (command.state, len(office.effects), command.job.attempts) == ("proven", 1, 0)
    assert [method for method, _ in office.asked if method != "GET"] == ["PUT" if name == "book" else "POST"]


def test_outages_in_between_leave_each_sending_its_try(office: Office) -> None:
    office.moods.extend([moods.BROKEN] * 3)
    office.reads.extend(([moods.BROKEN] * 4 + [moods.OK] * 2) * 3)
    command = ask("book")

    outcomes = run_to_end(command, most=40)

    assert ("failed" in outcomes, command.state, len(office.effects)) == (False, "proven", 1)
    assert (steps(command).count("sending"), command.job.attempts) == (4, 3)


def test_it_says_why_it_waits(office: Office) -> None:
    office.moods.append(moods.LOST)
    office.reads.extend([moods.BROKEN] * 2)
    command = ask("mail")

    assert [run(command) for _ in range(3)] == ["retry"] * 3

    job = command.job
    assert (command.state, job.status, job.hold, job.attempts) == ("unknown", "pending", "backoff", 0)
    assert job.error_code == "far_end_error"
    assert "Whether it took effect is asked again when the far end answers: shop answered 500" in (
        job.error or ""
    )


def test_the_usual_patience_is_about_a_day() -> None:
    waits = [min(FIND_RETRY.cap, FIND_RETRY.base * 2**no) / 2 for no in range(FIND_RETRY.tries)]

    assert 80_000 < sum(waits) < 100_000


def test_a_far_end_that_never_says_is_left_to_a_person_as_unknown(office: Office) -> None:
    office.hidden = True
    office.reads.extend([moods.BROKEN] * 4)
    command = ask("hand_in")

    assert run_to_end(command) == ["retry", "retry", "retry", "failed"]

    assert (command.state, command.job.error_code, len(office.effects)) == ("unknown", "outcome_unknown", 1)
    assert "asked 3 times in vain: shop answered 500" in (command.job.error or "")
    assert "bridge commands settle" in (command.job.error or "")
    assert steps(command)[-3:] == ["unanswered", "unanswered", "gave_up"]
    office.hidden = False
    verbs.retry(command.job_id, by=OPERATOR, reason="it is back")
    assert [run(command), run(command)] == ["retry", "success"], "it has all its tries again"
    assert (command.state, len(office.effects)) == ("proven", 1)


def test_a_far_end_that_now_answers_and_now_does_not_is_given_up_too(office: Office) -> None:
    office.moods.append(moods.LOST)
    office.reads.extend([moods.BROKEN, moods.OK] * 10)
    office.hidden = True
    command = ask("hand_in")

    outcomes = run_to_end(command, most=10)

    assert (outcomes[-1], command.state, command.job.error_code) == ("failed", "unknown", "outcome_unknown")
    assert steps(command)[2:] == ["no_answer", *["unanswered", "looked"] * 2, "gave_up"]


def test_a_question_that_is_refused_proves_nothing(office: Office) -> None:
    office.moods.append(moods.LOST)
    office.reads.extend([moods.REFUSED] * 3)
    command = ask("mail")

    assert run_to_end(command) == ["retry", "retry", "retry", "failed"]

    assert (command.state, command.job.error_code, len(office.effects)) == ("unknown", "outcome_unknown", 1)


def test_what_it_shows_right_after_an_outage_is_not_believed(office: Office) -> None:
    """Its lists may be as far behind as if the command had been sent when it came back."""
    command = _lost_long_ago(office)
    office.reads.append(moods.BROKEN)
    assert run(command) == "retry"
    asked = len(office.asked)

    assert run(command) == "retry"
    assert len(office.asked) == asked, "asked again 600 s after that"
    office.hidden = False
    _let_pass(command, 600)

    assert (run(command), command.state, len(office.effects)) == ("success", "proven", 1)


def test_its_first_answer_after_an_outage_is_not_believed_however_long_that_was(office: Office) -> None:
    """It may be back since a moment ago only, and behind with its lists."""
    command = _lost_long_ago(office)
    office.reads.append(moods.BROKEN)
    run(command)
    _let_pass(command, 700)

    assert (run(command), command.state) == ("retry", "unknown")
    office.hidden = False
    _let_pass(command, 600)

    assert (run(command), command.state, len(office.effects)) == ("success", "proven", 1)


def test_nor_is_the_first_answer_that_somebody_asks_for_after_it_was_given_up(office: Office) -> None:
    office.hidden = True
    office.reads.extend([moods.BROKEN] * 3)
    command = ask("hand_in")
    run_to_end(command)
    assert steps(command)[-1] == "gave_up"

    verbs.retry(command.job_id, by=OPERATOR, reason="it is back")

    assert [run(command) for _ in range(2)] == ["retry"] * 2
    assert (command.state, steps(command)[-2:]) == ("unknown", ["looked", "looked"])
    office.hidden = False
    assert (run(command), command.state, len(office.effects)) == ("success", "proven", 1)


def test_nor_is_its_first_answer_after_it_was_left_alone_for_failing_others(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "GATE", SHARED)
    command = _lost_long_ago(office)
    left_alone = {"breaker": "open", "breaker_until": now() + timedelta(hours=1), "failures": 9}
    assert Budget.objects.filter(system="shop").update(**left_alone) == 1
    SHARED.forget()
    assert [run(command), run(command)] == ["retry"] * 2
    assert steps(command)[-2:] == ["no_answer", "unanswered"], "told once"
    Budget.objects.filter(system="shop").update(breaker="closed", breaker_until=None, failures=0)
    SHARED.forget()
    _let_pass(command, 700)

    assert (run(command), command.state) == ("retry", "unknown")
    office.hidden = False
    _let_pass(command, 600)

    assert (run(command), command.state, len(office.effects)) == ("success", "proven", 1)


def _lost_long_ago(office: Office) -> Command:
    """One that took effect, but whose answer was lost; the far end shows nothing yet, and is due to be asked."""
    office.moods.append(moods.LOST)
    office.hidden = True
    command = ask("slow")
    run(command)
    _let_pass(command, 700)
    return command


def _let_pass(command: Command, seconds: float) -> None:
    Effect.objects.filter(command=command).update(at=F("at") - timedelta(seconds=seconds))
