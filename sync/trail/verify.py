"""Whether the chain holds: every link is made anew from its entry, and what differs is named, the first one first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from sync.errors import InvalidRequest
from sync.queries import query
from sync.trail.chain import Point, ends, hash_of
from sync.trail.walk import MOST, Fault, walk


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at the whole chain found."""

    entries: int  # that were looked at
    start: Point  # the last one that was deleted for its age; number 0 where none was
    head: Point  # the newest: kept elsewhere, it proves later that the chain was only added to
    faults: tuple[Fault, ...]  # the first ones, in their order

    @property
    def holds(self) -> bool:
        """Nothing was found."""
        return not self.faults


def verify(known: Point | None = None) -> Verdict:
    """Look at every link as of one moment; with the head of an earlier look, whether that is still in the chain.

    Reads the whole audit. Raises InvalidRequest (head_too_old) where what that head knew was deleted for its age.
    """
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:  # what commits meanwhile, the nightly tidying above all, is not seen
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        start, head = ends()
        if known is not None and known.seq < start.seq:
            message = (
                f"What head {known.seq} knew was deleted for its age, up to {start.seq}: use a later one."
            )
            raise InvalidRequest(message, code="head_too_old")
        walked = walk(start)
        faults = [
            *walked.faults,
            *_at_the_end(walked.last, head),
            *_compared(known, start, walked.last),
            *_unlinked(),
        ]
        return Verdict(walked.entries, start, head, tuple(faults[:MOST]))


def _at_the_end(last: Point, head: Point) -> Iterator[Fault]:
    """What the chain knows of its own end."""
    if last.seq < head.seq:
        yield Fault(
            "truncated", f"entries {last.seq + 1} to {head.seq}, the newest, were removed", last.seq + 1
        )
    elif last != head:
        yield Fault("rewritten", f"the chain ends with {last}, but its head is {head}", last.seq)


def _compared(known: Point | None, start: Point, last: Point) -> Iterator[Fault]:
    """What somebody else knows of it."""
    if known is None:
        return
    if known.seq > last.seq:
        message = f"the chain had reached entry {known.seq} and ends with {last.seq}: the newest were removed"
        yield Fault("truncated", message, last.seq + 1)
        return
    found = start.hash if known.seq == start.seq else hash_of(known.seq)
    if found != known.hash:
        message = f"up to entry {known.seq} it is another chain than the one of that head"
        yield Fault("rewritten", message, known.seq)


def _unlinked() -> Iterator[Fault]:
    """Entries that came past the database's trigger."""
    with connection.cursor() as cursor:
        cursor.execute(query("audit_unlinked"), {"most": MOST})
        found: list[tuple[UUID]] = cursor.fetchall()
    for (audit_id,) in found:
        yield Fault("inserted", f"entry {audit_id} was inserted past the chain", audit_id=audit_id)
