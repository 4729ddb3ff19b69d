"""A command taken and worked in a real database, with its ledger. Needs the fixture `bridge_database`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sync.models import Command, Job

MOST = 500
"""Attempts until a command has ended."""


@dataclass(frozen=True)
class Asked:
    """One command that was asked for; what it says is read from the database each time."""

    command: Command
    created: bool = True  # False where an equal request with its key was taken before

    def attempt(self) -> str:
        """The next attempt of its job: success, retry, parked or failed. What it waits for in between has passed.

        Raises NotRecorded, and AssertionError where it waits for something else than time.
        """
        from sync.testing.delivering import deliver

        job = self.job
        if job.status == "pending" and job.hold not in (None, "backoff", "configuration"):
            raise AssertionError(f"The command cannot go on: its job waits ({job.hold}).")
        self._let_pass(job)
        return deliver(job)

    def finish(self) -> str:
        """Attempts until its job has ended or waits for a person; its state then.

        Raises as `attempt` does, and AssertionError where there is no end.
        """
        for _ in range(MOST):
            if self.attempt() != "retry":
                return self.state
        raise AssertionError(f"After {MOST} attempts it still goes on: {self.steps}.")

    @property
    def job(self) -> Job:
        """Its job."""
        self.command.refresh_from_db()
        self.command.job.refresh_from_db()
        return self.command.job

    @property
    def state(self) -> str:
        """intended, sent, proven, refused or unknown."""
        self.command.refresh_from_db()
        return str(self.command.state)

    @property
    def states(self) -> list[str]:
        """The ledger's states, line by line."""
        return [line.state for line in self.command.ledger.order_by("no")]

    @property
    def steps(self) -> list[str]:
        """What the ledger says was done, line by line: asked, sending, answered, no_answer, looked …"""
        return [line.exchange["step"] for line in self.command.ledger.order_by("no")]

    @property
    def key(self) -> str:
        """`Intent.key`, for the far end's own idempotency header."""
        return str(self.command.effect_key)

    @property
    def remote_id(self) -> str | None:
        """What the far end calls the effect."""
        self.command.refresh_from_db()
        return self.command.remote_id

    @property
    def error(self) -> tuple[str | None, str | None]:
        """Code and message of what its job ran into last."""
        job = self.job
        return job.error_code, job.error

    def report(self, fields: Mapping[str, Any], *, delivery: str | None = None) -> str:
        """Let the far end's callback come in, signed as declared; the state then. Raises what its door answers with."""
        from sync.commands.declared import find
        from sync.testing.telling import call_back

        call_back(find(self.command.kind), self.command, fields, delivery)
        return self.state

    def settle(self, decision: str, *, reason: str = "test", remote_id: str | None = None) -> None:
        """Say `proven` or `not_done` of an unknown one, as a person does. Raises Conflict."""
        from sync.commands.settle import settle
        from sync.testing.delivering import BY

        settle(self.command.pk, decision, by=BY, reason=reason, remote_id=remote_id)

    def approve(self, person: str) -> None:
        """Agree that it is sent, as this person. Raises Conflict."""
        from sync.audit import Actor
        from sync.commands.acts import approve

        approve(self.command.pk, by=Actor(name=person, door="admin"), reason="test")

    def compensate(self) -> Asked:
        """Ask for the command that takes it back. Raises Conflict."""
        from sync.commands.acts import compensate
        from sync.testing.delivering import BY

        return Asked(compensate(self.command.pk, by=BY, reason="test"))

    def _let_pass(self, job: Job) -> None:
        """Let the ledger and the job be older by as long as the job would wait."""
        from django.db.models import F
        from django.utils import timezone

        from sync.models import Effect

        left = job.run_after - timezone.now()
        if job.status == "pending" and left > timedelta():
            left += timedelta(milliseconds=1)
            Effect.objects.filter(command=self.command).update(at=F("at") - left)
            type(job).objects.filter(pk=job.pk).update(run_after=F("run_after") - left)


def ask(
    command: str, payload: Mapping[str, Any], *, key: str | None = None, client: str = "test-client"
) -> Asked:
    """Take a command, as POST /api/v1/commands/… does; `key` is the client's Idempotency-Key. Nothing is sent yet.

    Raises InvalidRequest (bad_payload), whose `detail` names every field, and KeyReused.
    """
    from sync.audit import Actor
    from sync.commands.accept import accept
    from sync.commands.declared import find

    by = Actor(name=client, door="api")
    taken = accept(find(command), payload, client=client, by=by, key=key)
    return Asked(taken.command, taken.created)
