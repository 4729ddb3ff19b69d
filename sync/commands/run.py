"""One attempt at a command: send it, or find out what became of the last sending. No transaction spans a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

import structlog
from django.conf import settings
from django.db import IntegrityError, close_old_connections, transaction
from django.db.models.functions import Now

from sync.budget.pauses import too_long
from sync.commands import Absent, Intent, Proven, Refused, Sent, approve, cancelled, ledger
from sync.commands.callbacks import callback_url
from sync.commands.declared import Declared, UnknownCommand, find
from sync.commands.sending import Doubtful, Nothing, kept, look, send
from sync.commands.standing import due, intent_of, standing
from sync.errors import FatalError, StaleAttempt, TransientError
from sync.jobs.claim import Interrupted
from sync.jobs.retry import DATABASE_PAUSE, database_is_away
from sync.models import Budget, Command
from sync.models.command import State

if TYPE_CHECKING:
    from sync.jobs.claim import Claim

log = structlog.get_logger(__name__)

UNKNOWN = "outcome_unknown"
ABSENT = "effect_absent"
DEPLOY = timedelta(hours=1)
"""For so long old code may run beside new."""


def run_command(claim: Claim) -> None:
    """Bring a command one step further, and end its job where that was the last.

    Raises what the job's policy is to decide on: TransientError (to be sent, or looked for, later), ConfigError
    (unknown_command, and the far end's), FatalError (the refusal; outcome_unknown where a person has to decide).
    """
    command = Command.objects.get(job_id=claim.job_id)
    attempt = _Attempt(claim, _declared(command), command)
    claim.live.retry = attempt.known.command.retry
    # A callback finds a job that runs, and leaves its end to it.
    claim.live.overtaken = Command.objects.filter(pk=command.pk, state__in=ledger.ENDED).exists
    if command.state == State.INTENDED:
        attempt.send()
    elif command.state in ledger.OPEN:
        attempt.settle()
    else:
        attempt.end()


def _declared(command: Command) -> Declared:
    """What says how it is sent; a young one that is not declared here may be known to newer code beside this."""
    try:
        return find(command.kind)
    except UnknownCommand as error:
        if ledger.clock() - command.created_at > DEPLOY:
            raise
        raise TransientError(error.message, code=error.code, retry_after=5.0, not_asked=True) from error


class _Attempt:
    """What one run of the job does; `command` is as it was when last looked at."""

    def __init__(self, claim: Claim, known: Declared, command: Command) -> None:
        self.claim = claim
        self.known = known
        self.command = command

    def send(self) -> None:
        """Write that it is sent, send it, write what came of it."""
        if self.claim.stopping.is_set():
            raise Interrupted
        approve.check(self.known, self.command)
        self._await_turn()
        if not self._write(State.SENT, ledger.SENDING, only=(State.INTENDED,)):
            # Our own commit, whose answer was lost with its connection: it may have been seen by others since.
            message = "It is not known whether the ledger said `sent`: what became of it is asked first."
            raise TransientError(message, code=UNKNOWN, retry_after=0.0, not_asked=True)
        outcome = send(self.claim, self.known, self._intent())
        if isinstance(outcome, Nothing):
            facts = {"code": outcome.error.code, "message": outcome.error.message}
            self._write(State.INTENDED, ledger.NO_EFFECT, facts)
            raise outcome.error
        if isinstance(outcome, Sent):
            self._take_on(outcome)
        elif isinstance(outcome, Doubtful):
            facts = {"code": outcome.code, "message": outcome.message}
            self._write(State.UNKNOWN, ledger.NO_ANSWER, facts)
            self._look_later(outcome.message)
        else:
            self._conclude(outcome, ledger.ANSWERED)
        self.end()

    def _take_on(self, outcome: Sent) -> None:
        taken = {"answer": kept(outcome.answer), "remote_id": outcome.remote_id}
        message = "It was taken on; whether it is done is asked later."
        try:
            self._write(State.SENT, ledger.ACCEPTED, taken)
        except IntegrityError:
            message = _not_ours(outcome.remote_id)
            self._write(State.UNKNOWN, ledger.NO_ANSWER, {"message": message})
        self._look_later(message)

    def settle(self) -> None:
        """Find out what became of the last sending, when that can be known."""
        if standing(self.command.pk).since is None:
            facts = {"message": "The attempt that sent it ended before the answer was written down."}
            self._write(State.UNKNOWN, ledger.LOST, facts, only=(State.SENT,))
        self._look_later("Whether it took effect is asked later.", unless_due=True)
        if self.command.state in ledger.OPEN:
            self._look()
        self.end()

    def end(self) -> None:
        """End the job of a command that is proven or refused: by an answer, by a person, or by a callback."""
        if self.claim.live.finished:
            return
        self.claim.live.overtaken = None  # what is raised from here on is said knowing how it ended
        self.command.refresh_from_db()
        if self.command.state not in ledger.ENDED:
            raise StaleAttempt(f"The command is {self.command.state} by now.")
        if self._is_end(self.command.state):
            with transaction.atomic():
                self.claim.hold()
                self._finish()
            return
        line = self.command.ledger.filter(state=State.REFUSED).order_by("-no").first()
        told = line.exchange if line else {}
        raise FatalError(told.get("message", "The far end refused it."), code=told.get("code", "refused"))

    def _await_turn(self) -> None:
        """Raise where the system asked for a pause: better here than with `sent` in the ledger."""
        closed = Budget.objects.filter(system=self.known.system.name, not_before__gt=Now())
        if until := closed.values_list("not_before", flat=True).first():
            left = (until - ledger.clock()).total_seconds()
            raise too_long(self.known.system.name, "pause", max(left, 0.0))

    def _intent(self) -> Intent:
        url = callback_url(self.known, self.command.pk, settings.BRIDGE_PUBLIC_URL)
        return intent_of(self.command, url)

    def _look(self) -> None:
        try:
            found = look(self.known, self._intent())
        except TransientError as error:
            self._look_again(error)
            return
        if isinstance(found, Proven | Refused):
            self._conclude(found, ledger.LOOKED)
            return
        before = standing(self.command.pk)
        # The first answer after an outage only tells that it is back.
        last = not before.away and before.looks + 1 >= len(self.known.command.settles)
        absent = isinstance(found, Absent)
        facts = {"found": "absent"} if absent else {"message": getattr(found, "message", "")}
        if last and absent:
            if self._write(State.INTENDED, ledger.LOOKED, facts):
                message = "The far end was asked until it surely knew, and has no such effect: it may be sent again."
                raise TransientError(message, code=ABSENT)
        elif self._write(State.UNKNOWN if last else self.command.state, ledger.LOOKED, facts):
            if last:
                self._leave_to_person("The far end was asked, and can't say.")
            self._look_later("The far end does not show it yet.")

    def _look_again(self, error: TransientError) -> None:
        """Raise until the far end may be asked again: that it gave no answer is no try of sending."""
        found, facts = standing(self.command.pk), {"code": error.code, "message": error.message}
        before = found.unanswered
        if error.not_asked:
            # Left alone since it fails others: what it says first after that is no more to be believed.
            if error.code == "far_end_down" and not found.away:
                self._write(self.command.state, ledger.UNANSWERED, facts)
            raise error
        if error.code == "unexpected_error":
            log.error("command_find_broke", command=self.known.path, exc_info=error.__cause__)
        wait = self.known.command.find_retry.delay(before)
        if wait is None:
            if self._write(State.UNKNOWN, ledger.GAVE_UP, facts):
                self._leave_to_person(f"The far end was asked {before + 1} times in vain: {error.message}")
            return
        if not self._write(self.command.state, ledger.UNANSWERED, facts):
            return
        raise TransientError(
            f"Whether it took effect is asked again when the far end answers: {error.message}",
            code=error.code,
            retry_after=max(wait, error.retry_after or 0.0, self.known.command.settles[0]),
            parks_if_repeated=error.parks_if_repeated,
            not_asked=True,
        ) from error

    def _look_later(self, message: str, *, unless_due: bool = False) -> None:
        """Raise until the next look is due; return where it is, or where nothing is to be looked for any more."""
        self.command.refresh_from_db()
        found = standing(self.command.pk)
        if self.command.state not in ledger.OPEN or found.since is None:
            return
        command, settles = self.known.command, self.known.command.settles
        if command.find is None and (command.callback is None or self.command.state != State.SENT):
            self._leave_to_person(message)
        asked = due(found, settles[-1:] if command.find is None else settles)
        left = (asked - ledger.clock()).total_seconds()
        if left > 0 or not unless_due:
            raise TransientError(message, code=UNKNOWN, retry_after=max(left, 0.0), not_asked=True)
        if command.find is None:
            self._write(State.UNKNOWN, ledger.LOOKED, {"message": "It never called back."})
            self._leave_to_person("The far end took it on, and never called back.")

    def _leave_to_person(self, message: str) -> NoReturn:
        raise FatalError(
            f"{message} Nobody knows whether it took effect. Look there, then say so:"
            f" `bridge commands settle {self.command.pk} proven` (or not_done).",
            code=UNKNOWN,
        )

    def _conclude(self, outcome: Proven | Refused, step: str) -> None:
        """Write down that it is done or refused, with the end of the job where that ends it."""
        if isinstance(outcome, Refused):
            facts = {"code": outcome.code, "message": outcome.message, "answer": kept(outcome.answer)}
            self._write(State.REFUSED, step, facts)
            return
        proof = {"remote_id": outcome.remote_id, "answer": kept(outcome.answer)}
        try:
            self._write(State.PROVEN, step, proof)
        except IntegrityError as error:
            message = _not_ours(outcome.remote_id)
            looked = step == ledger.LOOKED
            self._write(State.UNKNOWN, step if looked else ledger.NO_ANSWER, {"message": message})
            if standing(self.command.pk).looks >= len(self.known.command.settles):
                self._leave_to_person(message)
            raise TransientError(message, code=UNKNOWN, retry_after=DATABASE_PAUSE, not_asked=True) from error

    def _write(
        self,
        state: str,
        step: str,
        facts: Mapping[str, Any] | None = None,
        *,
        only: tuple[str, ...] = ledger.OPEN,
    ) -> bool:
        """Commit one line; False where a callback moved the command out of the states in `only`."""

        def commit() -> bool:
            with transaction.atomic():
                ours = cancelled.hold(self.claim, step)
                fresh = ledger.lock(self.command.pk)
                if fresh.state not in only:
                    return False
                fresh.remote_id = (facts or {}).get("remote_id") or fresh.remote_id
                if step == ledger.SENDING:
                    # Of the sending before, which came to nothing: this one begins at the start.
                    fresh.remote_id = fresh.remote_rank = None
                ledger.write(fresh, state, step, fence=self.claim.fence, facts=facts)
                self.command = fresh
                if ours:
                    self._go_on(state)
            if not ours:
                raise StaleAttempt(
                    f"Job {self.claim.job_id} was cancelled; what became of it is written down."
                )
            return True

        return _surely(self.claim, commit)

    def _go_on(self, state: str) -> None:
        if self._is_end(state):
            self._finish()
        else:
            self.claim.outlive()

    def _is_end(self, state: str) -> bool:
        return state == State.PROVEN or (state == State.REFUSED and self.known.command.on_refusal == "pass")

    def _finish(self) -> None:
        self.claim.finish({"state": self.command.state, "remote_id": self.command.remote_id})


def _not_ours(remote_id: str | None) -> str:
    return f"The far end's {remote_id} belongs to another command: it is looked for again."


def _surely(claim: Claim, commit: Callable[[], bool]) -> bool:
    """Commit it, also where the database is away for as long as the lease may be ours: an answer is at stake."""
    while True:
        try:
            return commit()
        except Exception as trouble:
            if not database_is_away(trouble) or claim.stopping.wait(DATABASE_PAUSE):
                raise
            close_old_connections()
