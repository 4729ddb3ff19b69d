"""A push job: what changed in an entity goes to a target, chunk by chunk, each with its answers committed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connections, transaction

from sync.declare import Push
from sync.errors import BridgeError, StaleAttempt, TransientError
from sync.jobs.claim import Interrupted
from sync.registry import Registered, registry
from sync.targets import Outcome, Sending, Target
from sync.targets.asking import push_of, target_of, wake_children
from sync.targets.ledger import FIRST_KEY, Ledger
from sync.targets.plan import Plan, Step, parents_of, plan
from sync.targets.preview import preview
from sync.targets.reading import due, feed
from sync.targets.turn import hold_deletes

if TYPE_CHECKING:
    from sync.jobs.claim import Claim

ALONE_AFTER = 2
"""Tries without an answer after which a row goes in a request of its own: one may have spoilt it for the others."""
PASSED_OVER_AFTER = 4
"""Such tries after which it holds the others up no longer, as long as these go through."""
_NOT_WRITTEN = frozenset(
    {
        "rate_limited",
        "credentials_refused",
        "redirected",
        "bad_address",
        "private_address",
        "certificate_refused",
    }
)
"""Codes of errors after which the target has surely written nothing."""


@dataclass(kw_only=True)
class _Work:
    claim: Claim
    registered: Registered
    push: Push
    target: Target
    ledger: Ledger
    counts: dict[str, int] = field(default_factory=dict)
    passed_over: bool = False  # the last request failed, and was one row's alone

    @property
    def is_own_parent(self) -> bool:
        """Whether rows need the target's ids of other rows of the entity."""
        named = parents_of(self.registered, self.push).values()
        return any(registry.parent(self.registered, one).path == self.registered.path for one in named)

    def add(self, counts: dict[str, int]) -> None:
        for name, number in counts.items():
            self.counts[name] = self.counts.get(name, 0) + number
        self.claim.progress(**self.counts)


_Sent = tuple[list[Step], list[Outcome], BridgeError | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Chunk:
    """Records whose turn it is: what is to be done with them, and what is known of the doubtful ones."""

    keys: frozenset[UUID]
    seq: int | None
    made: Plan
    known: dict[UUID, Outcome]


@dataclass(kw_only=True, slots=True)
class _Away:
    """A chunk that is at the target, and how to wait for what comes of it."""

    chunk: _Chunk
    sent: Callable[[], _Sent]
    is_settled: bool = False


def run_push(claim: Claim) -> None:
    """Write what is due and what changed until nothing is left. Raises the target's errors and Interrupted."""
    assert claim.entity is not None, "a push is always of an entity"
    push = push_of(claim.entity, claim.params["target"])
    if claim.params.get("dry_run"):
        _finish(claim, preview(claim.entity, push).as_json())
        return
    ledger = Ledger(registered=claim.entity, push=push)
    work = _Work(
        claim=claim, registered=claim.entity, push=push, target=target_of(push.target), ledger=ledger
    )
    ledger.write("make_cursor")
    while True:
        _push_all(work)
        if _ended(work):
            return


def _push_all(work: _Work) -> None:
    """All that is due and has changed. While the target is at one chunk, the next one is planned."""
    away: _Away | None = None
    with _sender() as sender:
        try:
            for keys, seq in _todo(work.ledger):
                if away and (work.is_own_parent or not away.chunk.keys.isdisjoint(keys)):
                    _settle(work, away)  # what comes of it decides what these need
                chunk = _planned(work, keys, seq)
                if away:
                    _settle(work, away)
                if work.claim.stopping.is_set():
                    raise Interrupted
                away = _send_off(work, chunk, sender)
        finally:
            if away:
                _settle(work, away)


@contextmanager
def _sender() -> Iterator[Executor]:
    """A thread that talks to the target."""
    with ThreadPoolExecutor(1, thread_name_prefix="push") as pool:
        try:
            yield pool
        finally:
            pool.submit(connections.close_all)


def _todo(ledger: Ledger) -> Iterator[tuple[list[UUID], int | None]]:
    """The keys of each chunk, and where in the feed it ends."""
    yield from ((keys, None) for keys in due(ledger))
    yield from feed(ledger)


def _planned(work: _Work, keys: Sequence[UUID], seq: int | None) -> _Chunk:
    made = hold_deletes(work.ledger, plan(work.registered, work.push, keys))
    return _Chunk(keys=frozenset(keys), seq=seq, made=made, known=_look_up(work, made))


def _send_off(work: _Work, chunk: _Chunk, sender: Executor) -> _Away:
    with transaction.atomic():
        work.claim.hold()
        work.ledger.note(chunk.made)
    send = partial(_send, work, chunk.made.ready, chunk.known)
    if len(chunk.made.ready) > work.push.batch:  # one request is not worth a thread and its connection
        return _Away(chunk=chunk, sent=sender.submit(copy_context().run, send).result)
    done = send()
    return _Away(chunk=chunk, sent=lambda: done)


def _settle(work: _Work, away: _Away) -> None:
    """Write what the target said, once it has said it, and once only. Raises its errors."""
    if away.is_settled:
        return
    away.is_settled = True
    sent, outcomes, trouble = away.sent()
    made, seq = away.chunk.made, away.chunk.seq
    is_moved = any(outcome.state == "acked" for outcome in outcomes)
    with transaction.atomic():
        work.claim.hold()
        counts = work.ledger.answer(sent, outcomes)
        if seq is not None and trouble is None:
            work.ledger.write("move_cursor", seq=seq)
        if is_moved:
            work.claim.outlive()
    skipped = len(made.unchanged) + len(made.refused)
    waiting = len(made.steps) - len(sent) + counts.get("waiting", 0)
    work.add(counts | {"read": len(away.chunk.keys), "skipped": skipped, "waiting": waiting})
    if trouble is None or is_moved:
        work.claim.advance()
    if trouble is not None:
        raise trouble


def _look_up(work: _Work, made: Plan) -> dict[UUID, Outcome]:
    """Before rows are sent again whose fate nobody knows: what the target has of them. The plan is corrected."""
    doubtful = [step for step in made.ready if step.doubtful]
    if not doubtful:
        return {}
    found = work.target.find(work.push, [step.key_hash for step in doubtful])
    known: dict[UUID, Outcome] = {}
    for place, step in enumerate(made.steps):
        if not step.doubtful or step.wait:
            continue
        here = found.get(step.key_hash)
        if (here is None) if step.op == "d" else (here is not None and here.data_hash == step.digest):
            number = here.remote_id if here else None
            op = "d" if step.op == "d" else step.op
            known[step.key_hash] = Outcome(state="acked", op=op, remote_id=number)
        else:
            made.steps[place] = step.at(here.remote_id if here else None)
    return known


def _send(work: _Work, steps: Sequence[Step], known: dict[UUID, Outcome]) -> _Sent:
    """Send in requests of the declared size. After an error the rest is left as it is known to be."""
    sent = [step for step in steps if step.key_hash in known]
    outcomes = [known[step.key_hash] for step in sent]
    parts = _parts([step for step in steps if step.key_hash not in known], work.push.batch)
    for place, part in enumerate(parts):
        back = work.ledger.revived(part)
        rows = [_sending(step) for step in part if step.key_hash not in back]
        sent += part
        work.claim.check_lease()
        try:
            answers = work.target.send(work.push, rows) if rows else []
            work.passed_over = False
        except StaleAttempt:
            raise
        except BridgeError as error:
            if _is_passed_over(work, part, error):
                outcomes.append(replace(_unanswered(part[0], written=True, error=error), at_once=False))
                continue
            certain = error.code in _NOT_WRITTEN or (isinstance(error, TransientError) and error.not_asked)
            outcomes += [_unanswered(step, written=not certain, error=error) for step in part]
            rest = [step for later in parts[place + 1 :] for step in later]
            outcomes += [_unanswered(step, written=False) for step in rest]
            return sent + rest, outcomes, error
        found = iter(answers)
        outcomes += [
            _unanswered(step, written=False) if step.key_hash in back else next(found) for step in part
        ]
    return sent, outcomes, None


def _parts(steps: Sequence[Step], most: int) -> list[Sequence[Step]]:
    """What goes in one request each."""
    alone = [step for step in steps if step.attempts >= ALONE_AFTER]
    others = [step for step in steps if step.attempts < ALONE_AFTER]
    return [
        *(others[start : start + most] for start in range(0, len(others), most)),
        *([step] for step in alone),
    ]


def _is_passed_over(work: _Work, part: Sequence[Step], error: BridgeError) -> bool:
    """Whether the others go on: it is this row, time and again, and not the whole target."""
    if work.passed_over or len(part) > 1 or part[0].attempts < PASSED_OVER_AFTER:
        return False
    work.passed_over = error.code in ("far_end_error", "far_end_unreachable", "far_end_timeout")
    return work.passed_over


def _sending(step: Step) -> Sending:
    return Sending(op=step.op, key_hash=step.key_hash, remote_id=step.remote_id, body=step.body)


def _unanswered(step: Step, *, written: bool, error: BridgeError | None = None) -> Outcome:
    return Outcome(
        state="unknown" if written else "waiting",
        op=step.op,
        remote_id=step.remote_id,
        code="not_answered",
        answer={"message": error.message} if error else {},
        at_once=True,
    )


def _ended(work: _Work) -> bool:
    """Finish, unless more has come meanwhile; whoever asks for this push waits until that is decided."""
    with transaction.atomic():
        work.claim.hold()
        seq = work.ledger.cursor(lock=True)
        end = work.ledger.rows("feed_end")[0][0]
        if end > seq or work.ledger.rows("due_deliveries", after=FIRST_KEY, most=1):
            return False
        wake_children(work.registered, work.push, by=f"job:{work.claim.job_id}")
        work.claim.finish(work.counts)
    return True


def _finish(claim: Claim, result: dict[str, Any]) -> None:
    with transaction.atomic():
        claim.hold()
        claim.finish(result)
