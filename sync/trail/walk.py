"""From link to link: which are what their entries make of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from uuid import UUID

from sync.trail.chain import Link, Point, links
from sync.trail.link import Entry, linked

MOST = 20  # faults that are told


@dataclass(frozen=True, slots=True)
class Fault:
    """Where the chain is broken: `changed`, `removed`, `reordered`, `inserted`, `truncated` or `rewritten`."""

    kind: str
    message: str
    seq: int | None = None
    audit_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A link as it was found, and the hash before it."""

    link: Link
    previous: bytes
    fault: Fault | None


@dataclass(frozen=True, slots=True)
class Walked:
    """What a walk to the end met."""

    entries: int
    last: Point
    faults: tuple[Fault, ...]


def walk(start: Point) -> Walked:
    """To the last link."""
    entries, last, broken = 0, start, list[Step]()
    for step in steps(start, links(start.seq)):
        entries += step.link.entry is not None
        last = Point(step.link.seq, step.link.hash)
        if step.fault is not None and len(broken) < MOST:
            broken.append(step)
    return Walked(entries, last, tuple(_faults(broken)))


def steps(start: Point, found: Iterable[Link]) -> Iterator[Step]:
    """Each link, with what is wrong with it."""
    last = start
    for link in found:
        yield Step(link, last.hash, _fault(last, link))
        last = Point(link.seq, link.hash)


def _fault(last: Point, link: Link) -> Fault | None:
    if link.seq != last.seq + 1:
        gone = f"entry {last.seq + 1} was"
        if link.seq > last.seq + 2:
            gone = f"entries {last.seq + 1} to {link.seq - 1} were"
        return Fault("removed", f"{gone} removed", last.seq + 1)
    if link.entry is None:
        return Fault("removed", f"entry {link.seq} was removed, its link is left", link.seq, link.audit_id)
    if linked(last.hash, link.seq, link.entry) == link.hash:
        return None
    message = f"entry {link.seq} ({link.entry.act} by {link.entry.actor}) or its link was changed"
    return Fault("changed", message, link.seq, link.audit_id)


def _faults(broken: list[Step]) -> Iterator[Fault]:
    """Their faults; an entry that only stands in another's place is told as that."""
    entries = [step.link.entry for step in broken if step.link.entry is not None]
    for step in broken:
        assert step.fault is not None
        belongs = _belongs(step, entries) if step.fault.kind == "changed" else None
        if belongs is None:
            yield step.fault
        else:
            message = (
                f"entry {step.link.seq} stands in another's place: here was {belongs.id} ({belongs.act})"
            )
            yield replace(step.fault, kind="reordered", message=message)


def _belongs(step: Step, entries: list[Entry]) -> Entry | None:
    for entry in entries:
        if linked(step.previous, step.link.seq, entry) == step.link.hash:
            return entry
    return None
