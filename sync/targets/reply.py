"""What a target's answer to one row means."""

from __future__ import annotations

from dataclasses import dataclass

from sync.targets import Outcome, Sending, State


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """A target's answer to one row."""

    status: int
    id: str | None = None
    code: str = ""  # its own
    words: str = ""


def outcome_of(
    row: Sending,
    reply: Reply,
    *,
    waits_for: tuple[str, ...] = (),
    held_by: tuple[str, ...] = (),
    conflict: bool = False,
) -> Outcome:
    """The outcome; `waits_for` and `held_by` are its codes for a missing parent and for remaining children."""
    gone = row.op == "d" and reply.status in (404, 410)
    state: State = "refused"
    if reply.status < 300 or gone:
        state = "acked"
    elif reply.code in waits_for or reply.code in held_by:
        state = "waiting"
    elif reply.status >= 500 or reply.status in (408, 429):
        state = "unknown"
    done = state == "acked"
    return Outcome(
        state=state,
        op=row.op,
        remote_id=reply.id or row.remote_id,
        code=None if done else reply.code or f"http_{reply.status}",
        answer={} if done else {"status": reply.status, "code": reply.code, "message": reply.words},
        conflict=conflict or reply.status == 409,
    )
