"""A command's own functions in memory: what `send` and `find` make of recorded answers, without a database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sync.commands import Absent, Intent, Proven, Refused, Sent
from sync.commands.declared import Declared
from sync.commands.declared import find as declared
from sync.ids import uuid7
from sync.testing.far_end import complain


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What is known of the effect, in the words of the ledger."""

    state: str  # send: proven, sent, refused, unknown, intended (surely nothing happened); find: … absent, unsure
    remote_id: str | None = None
    answer: Mapping[str, Any] = field(default_factory=dict)  # as the ledger keeps it
    code: str | None = None
    message: str | None = None
    intent: Intent = field(repr=False)


def send(command: str, payload: Mapping[str, Any], **facts: Any) -> Outcome:
    """Check the payload and call the command's `send` once; `facts` are those of its Intent, such as key="k-1".

    Raises InvalidRequest (bad_payload), whose `detail` names every field, and NotRecorded.
    """
    from sync.commands import sending
    from sync.jobs.claim import Claim

    known = declared(command)
    intent = _intent(known, payload, facts)
    claim = Claim(
        job_id=uuid7(),
        fence=0,
        kind="command",
        entity=None,
        entity_id=None,
        params={},
        attempt=1,
        worker="test",
    )
    try:
        found = sending.send(claim, known, intent)
    finally:
        complain()
    if isinstance(found, sending.Nothing):
        return Outcome(state="intended", code=found.error.code, message=found.error.message, intent=intent)
    if isinstance(found, sending.Doubtful):
        return Outcome(state="unknown", code=found.code, message=found.message, intent=intent)
    return _told(found, intent)


def find(command: str, payload: Mapping[str, Any], *, owned: Collection[str] = (), **facts: Any) -> Outcome:
    """Check the payload and call the command's `find` once; other commands own the remote ids in `owned`.

    Raises as `send` does, and what `find` raises.
    """
    from sync.commands import sending

    known = declared(command)
    if known.command.find is None:
        raise AssertionError(f"{known.path} declares no find.")
    own = frozenset(map(str, owned))

    def taken(ids: Collection[str]) -> frozenset[str]:
        return frozenset(one for one in ids if str(one) in own)  # numbers too, as in the database

    intent = _intent(known, payload, {"taken": taken, **facts})
    try:
        return _told(sending.look(known, intent), intent)
    finally:
        complain()


def _intent(known: Declared, payload: Mapping[str, Any], facts: Mapping[str, Any]) -> Intent:
    from sync.commands.payload import validated

    number, now = uuid7(), datetime.now(UTC)
    plain = {
        "id": number,
        "key": str(number),
        "tries": 1,
        "first_sent_at": now,
        "sent_at": now,
        "client": "test",
    }
    return Intent(**{**plain, "kind": known.path, "payload": validated(known, payload), **facts})


def _told(found: Any, intent: Intent) -> Outcome:
    from sync.commands.sending import kept

    if isinstance(found, Absent):
        return Outcome(state="absent", intent=intent)
    if isinstance(found, Refused):
        answer = kept(found.answer)
        return Outcome(state="refused", code=found.code, message=found.message, answer=answer, intent=intent)
    if isinstance(found, Proven | Sent):
        state = "proven" if isinstance(found, Proven) else "sent"
        return Outcome(state=state, remote_id=found.remote_id, answer=kept(found.answer), intent=intent)
    return Outcome(state="unsure", message=found.message, intent=intent)
