"""What nobody can be asked about is settled by a person, with a reason, in the audit."""

from __future__ import annotations

from functools import partial
from uuid import uuid4

import pytest
from django.db import connection, transaction

from sync.commands.settle import settle
from sync.errors import Conflict, InvalidRequest, NotFound
from sync.jobs import together, verbs
from sync.models import AuditEntry, Command
from tests import office as moods
from tests.integration.commands.conftest import OPERATOR, ask, run, steps
from tests.office import Office


def unknown(office: Office) -> Command:
    """A command whose answer was lost, at a far end that can't be asked."""
    office.moods.append(moods.LOST)
    command = ask("ring")
    run(command)
    return command


def test_one_that_took_effect_ends_well_and_is_not_sent_again(office: Office) -> None:
    command = unknown(office)

    settle(command.pk, "proven", by=OPERATOR, reason="It is on their list.", remote_id="E1")
    assert run(command) == "success"

    assert (command.state, command.remote_id, len(office.effects)) == ("proven", "E1", 1)
    assert steps(command) == ["asked", "sending", "no_answer", "settled"]
    entry = AuditEntry.objects.filter(act="command.settle").latest("id")
    assert (entry.actor, entry.reason, entry.before) == (
        "olga",
        "It is on their list.",
        {"state": "unknown"},
    )


def test_one_that_took_none_is_sent_again(office: Office) -> None:
    office.moods.append(moods.CUT)
    command = ask("ring")
    run(command)

    settle(command.pk, "not_done", by=OPERATOR, reason="They have nothing.")
    assert run(command) == "success"

    assert (command.state, len(office.effects)) == ("proven", 1)


def test_one_whose_job_was_cancelled_is_not_sent_again(office: Office) -> None:
    office.moods.append(moods.LOST)
    command = ask("slow")
    run(command)
    verbs.cancel(command.job_id, by=OPERATOR)

    settle(command.pk, "not_done", by=OPERATOR, reason="They have nothing.")
    command.refresh_from_db()
    command.job.refresh_from_db()

    assert (command.state, command.job.status) == ("intended", "cancelled")


@pytest.mark.parametrize("act", ["one", "many"])
def test_what_became_of_it_is_written_though_its_job_was_cancelled_meanwhile(
    office: Office, act: str
) -> None:
    command = ask("mail")
    office.on_effect = partial(_cancel, command, act)

    assert run(command) == "stale"

    assert (command.state, command.job.status, len(office.effects)) == ("proven", "cancelled", 1)
    assert steps(command) == ["asked", "sending", "cancelled", "answered"]


def _cancel(command: Command, act: str) -> None:
    if act == "one":
        verbs.cancel(command.job_id, by=OPERATOR)
    else:
        with transaction.atomic():
            together.cancel([command.job_id], together.Told(by=OPERATOR.name))
    connection.close()  # that of the far end's thread


@pytest.mark.parametrize(
    ("decision", "reason"), [("done", "because"), ("", "because"), ("proven", ""), ("proven", " ")]
)
def test_a_decision_needs_a_known_word_and_a_reason(office: Office, decision: str, reason: str) -> None:
    command = unknown(office)

    with pytest.raises(InvalidRequest):
        settle(command.pk, decision, by=OPERATOR, reason=reason)

    command.refresh_from_db()
    assert command.state == "unknown"


def test_only_an_unknown_outcome_is_settled(office: Office) -> None:
    command = ask("mail")
    run(command)

    with pytest.raises(Conflict):
        settle(command.pk, "not_done", by=OPERATOR, reason="I want two.")
    with pytest.raises(NotFound):
        settle(uuid4(), "proven", by=OPERATOR, reason="because")


def test_the_thing_of_another_command_proves_nothing(office: Office) -> None:
    other = ask("ring", {"to": "Bob", "text": "hi"})
    run(other)
    command = unknown(office)

    with pytest.raises(Conflict):
        settle(command.pk, "proven", by=OPERATOR, reason="It is there.", remote_id=other.remote_id)


def test_running_it_again_never_sends_what_may_be_there(office: Office) -> None:
    command = unknown(office)

    verbs.retry(command.job_id, by=OPERATOR)

    assert run(command) == "failed"
    assert (command.state, len(office.effects)) == ("unknown", 1)


def test_a_dead_one_stops_its_lane_until_it_is_resolved(office: Office) -> None:
    office.moods.append(moods.REFUSED)
    first, second, elsewhere = (ask("book", {"to": to, "text": "hi"}) for to in ("Ann", "Ann", "Bob"))
    run(first)

    assert (run(second), run(elsewhere)) == ("stale", "success")
    assert second.job.hold == "lane"

    verbs.resolve(first.job_id, by=OPERATOR, remark="moved away")
    assert run(second) == "success"
