"""Workers killed between the steps of a command: each letter is sent once, and each is proven in the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from django.utils import timezone

from sync.budget import SharedGate
from sync.budget.permit import Permit
from sync.commands.settle import settle
from sync.jobs import verbs
from sync.jobs.claim import LEASE
from sync.jobs.lease import leases
from sync.jobs.reaper import recover
from sync.models import Attempt, Command, Job
from tests import letters
from tests.integration.commands.conftest import OPERATOR, ask, run, run_to_end, steps
from tests.integration.commands.killing import POINTS
from tests.integration.jobs.conftest import database_url
from tests.office import Office


def spawn(point: str, command: Command) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": database_url(),
    }
    here = [sys.executable, "-m", "tests.integration.commands.killing"]
    job = command.job
    return subprocess.Popen([*here, point, str(job.pk), str(job.fence)], env=environment)


def test_a_worker_killed_between_two_steps_sends_nothing_twice(office: Office) -> None:
    commands = {point: ask("mail", {"to": point, "text": "hi"}) for point in POINTS}
    processes = [spawn(point, command) for point, command in commands.items()]
    assert [process.wait() for process in processes] == [-signal.SIGKILL] * len(POINTS)

    # Leases run out after 15 seconds; here they have.
    Job.objects.filter(status="processing").update(lease_until=timezone.now() - timedelta(seconds=1))
    recover()
    for command in commands.values():
        command.job.refresh_from_db()
        if command.job.status != "success":
            run_to_end(command)
        command.refresh_from_db()

    assert {point: command.state for point, command in commands.items()} == dict.fromkeys(POINTS, "proven")
    assert sorted(one["body"]["to"] for one in office.effects) == sorted(POINTS)
    assert "lost" in steps(commands["after sending"])
    assert steps(commands["before answered"]) == ["asked", "sending", "lost", "looked"]
    assert steps(commands["after answered"]) == ["asked", "sending", "answered"]
    assert Attempt.objects.filter(job=commands["before sending"].job, outcome="lost").count() == 1


class FreezingGate(SharedGate):
    """Waits for the turn of a request until the lease of what asks is over."""

    def admitted(self, system: str) -> Permit:
        for claim in leases.running():
            claim.live.renewed -= 2 * LEASE.total_seconds()
        return super().admitted(system)


def test_a_worker_frozen_right_before_its_request_leaves_sends_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ask("mail")
    with monkeypatch.context() as frozen:
        frozen.setattr(letters, "GATE", FreezingGate())
        assert run(command) == "stale"
    assert (office.asked, steps(command)) == ([], ["asked", "sending"])

    Job.objects.filter(status="processing").update(lease_until=timezone.now() - timedelta(seconds=1))
    recover()
    command.job.refresh_from_db()
    run_to_end(command)

    assert (command.state, len(office.effects)) == ("proven", 1)


def test_one_that_is_cancelled_after_its_worker_died_is_left_to_a_person(office: Office) -> None:
    command = ask("mail")
    assert spawn("before answered", command).wait() == -signal.SIGKILL

    verbs.cancel(command.job_id, by=OPERATOR)
    command.refresh_from_db()
    assert command.state == "unknown"

    settle(command.pk, "proven", by=OPERATOR, reason="It is on their list.", remote_id="E1")
    command.refresh_from_db()
    command.job.refresh_from_db()
    assert (command.state, command.job.status, len(office.effects)) == ("proven", "cancelled", 1)
    assert steps(command) == ["asked", "sending", "cancelled", "settled"]
