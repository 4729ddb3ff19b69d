"""The part of the checks that looks at lanes: what they are named by must be there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from sync.declare import Business, Lane, Record, System
from sync.registry import Registered, Registry

Wrong = tuple[str, str, str]


def wrong_lanes(of: Registered, known: Registry) -> Iterator[Wrong]:
    """What is wrong with an entity's lanes: its refreshes have a key, and nothing else, to name them by."""
    yield from of_lanes(of.entity.lane, of.system, of.entity.key, known, of)


def of_lanes(
    declared: Lane | Sequence[Lane],
    system: System,
    names: Collection[str],
    known: Registry,
    own: Registered | None = None,
) -> Iterator[Wrong]:
    """What is wrong with lanes that are named by the values of these fields."""
    there = ", ".join(names)
    for lane in [declared] if isinstance(declared, Record | Business) else declared:
        if isinstance(lane, Business):
            needed = [lane.field]
        else:
            meant = _entity(lane, system, known) if lane.entity is not None else own
            if meant is None:
                yield (
                    "E024",
                    f"its lane is of the unknown entity {lane.entity!r}",
                    "Name one that is declared.",
                )
                continue
            needed = [lane.by.get(name, name) for name in meant.entity.key]
        for name in needed:
            if name not in names:
                yield "E024", f"its lane reads {name!r}", f"There are only {there}."


def _entity(lane: Record, system: System, known: Registry) -> Registered | None:
    path = str(lane.entity) if "." in str(lane.entity) else f"{system.name}.{lane.entity}"
    return known.find(path) if path in known else None
