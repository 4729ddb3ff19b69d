"""Commands that wait for persons, and commands that take others back."""

from __future__ import annotations

import pytest

from sync.audit import Actor
from sync.commands import acts
from sync.errors import Conflict
from sync.jobs import verbs
from sync.jobs.enqueue import enqueue
from sync.models import AuditEntry, Command, Job
from tests.integration.commands.conftest import CLIENT, OPERATOR, ask, run, steps
from tests.office import Office

MONEY = {"to": "Ann", "text": "refund", "value": "99.00"}
SECOND = Actor(name="sam", door="admin")


def test_it_is_sent_when_two_others_agreed(office: Office) -> None:
    command = ask("pay", MONEY)
    assert (command.job.hold, command.job.wakeup, run(command)) == ("approval", None, "stale")

    acts.approve(command.pk, OPERATOR, "I know her")
    assert run(command) == "stale"
    acts.approve(command.pk, SECOND, "")
    assert run(command) == "success"

    assert steps(command) == ["asked", "approved", "approved", "sending", "answered"]
    assert AuditEntry.objects.filter(act="command.approve", object_id=str(command.pk)).count() == 2


def test_what_the_rule_leaves_out_waits_for_nobody(office: Office) -> None:
    command = ask("pay", {"to": "Ann", "text": "thanks"})

    assert run(command) == "success"
    with pytest.raises(Conflict):
        acts.approve(command.pk, OPERATOR, "")


def test_nobody_approves_what_they_asked_for_or_twice(office: Office) -> None:
    command = ask("pay", MONEY)
    acts.approve(command.pk, OPERATOR, "")

    for person in (CLIENT, OPERATOR):
        with pytest.raises(Conflict):
            acts.approve(command.pk, person, "")

    assert run(command) == "stale"
    assert office.effects == []


def test_what_is_rejected_is_never_sent(office: Office) -> None:
    command, behind = ask("pay", MONEY), ask("pay", {"to": "Ann", "text": "hi"})
    assert run(behind) == "stale"

    acts.reject(command.pk, OPERATOR, "too much")

    command.refresh_from_db()
    command.job.refresh_from_db()
    assert (command.state, command.job.status) == ("refused", "cancelled")
    assert run(behind) == "success"
    for act in (acts.approve, acts.reject):
        with pytest.raises(Conflict):
            act(command.pk, SECOND, "")


def test_no_other_way_leads_past_the_persons(office: Office) -> None:
    command = ask("pay", MONEY)

    with pytest.raises(Conflict):
        verbs.retry(command.job_id, by=OPERATOR)
    other = enqueue("command", requested_by="test").job
    Job.objects.filter(pk=command.job_id).delete()
    Command.objects.filter(pk=command.pk).update(job_id=other.pk)
    command = Command.objects.get(pk=command.pk)

    assert run(command) == "parked"
    assert (command.job.error_code, office.effects) == ("approval_missing", [])


def test_a_proven_one_is_taken_back_once(office: Office) -> None:
    command = ask("pay", {"to": "Ann", "text": "hi"})
    with pytest.raises(Conflict):
        acts.compensate(command.pk, OPERATOR, "not yet there")
    run(command)

    back = acts.compensate(command.pk, OPERATOR, "wrong person")
    assert run(back) == "success"

    assert (back.kind, back.compensates_id, back.client) == ("shop.mail", command.pk, "olga")
    assert office.effects[-1]["body"] == {"to": "Ann", "text": "E1 was a mistake"}
    with pytest.raises(Conflict):
        acts.compensate(command.pk, SECOND, "again")
    with pytest.raises(Conflict):
        acts.compensate(back.pk, SECOND, "nothing takes a letter back")
    assert AuditEntry.objects.get(act="command.compensate").reason == "wrong person"


def test_a_refused_taking_back_may_be_asked_for_again(office: Office) -> None:
    command = ask("pay", {"to": "Ann", "text": "hi"})
    run(command)
    back = acts.compensate(command.pk, OPERATOR, "")
    Command.objects.filter(pk=back.pk).update(state="refused")

    again = acts.compensate(command.pk, OPERATOR, "")

    assert again.pk != back.pk
