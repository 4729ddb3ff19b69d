"""What is wrong in the declaration of a push, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator

from sync.check_limits import Wrong
from sync.declare import Push
from sync.registry import Registered

MOST_AT_ONCE = 1000


def wrong_pushes(registered: Registered) -> Iterator[Wrong]:
    """One finding for each fault of the entity's pushes."""
    for push in registered.entity.targets:
        for message, hint in _faults(registered, push):
            yield "E020", f"its push to {push.target!r}: {message}", hint


def _faults(registered: Registered, push: Push) -> Iterator[tuple[str, str]]:
    unknown = sorted(set(push.fields.values()) - set(registered.names))
    if unknown:
        yield f"{unknown[0]!r} is no field.", f"It has: {', '.join(sorted(registered.names))}."
    declared = {parent.entity for parent in registered.entity.parents}
    if stray := sorted(set(push.parents.values()) - declared):
        yield f"{stray[0]!r} is no parent.", "Declare it in `parents`, with the fields that name it."
    if both := sorted(set(push.fields) & set(push.parents)):
        yield f"{both[0]!r} is a field and a parent.", "Give it one meaning there."
    if strays := sorted(set(push.numbers) - set(push.fields)):
        yield f"{strays[0]!r} in `numbers` is no field there.", "`numbers` holds the target's names."
    if not 1 <= push.batch <= MOST_AT_ONCE:
        yield f"batch is {push.batch}.", f"From 1 (one by one) to {MOST_AT_ONCE}."
