"""Which kinds of jobs this process takes: all that its code knows, unless it was limited to some."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sync.errors import InvalidRequest
from sync.jobs import kinds

_only: tuple[str, ...] = ()


def serve_only(names: Collection[str]) -> None:
    """Take only these kinds from now on; none named: all of them."""
    global _only  # noqa: PLW0603 - what a process is for is said once, at its start
    _only = tuple(names)


def limited() -> tuple[str, ...]:
    """The kinds to which this process was limited; empty: it takes all."""
    return _only


def served() -> Collection[str]:
    """The kinds that this process takes."""
    return _only or kinds.KINDS


def queues_of(names: Sequence[str], queues: Sequence[str]) -> list[str]:
    """The queues to serve: those that are named, else those in which these kinds wait, else all.

    Raises InvalidRequest (unknown_queue, unknown_kind, kind_without_queue).
    """
    if unknown := sorted(set(queues) - set(kinds.QUEUES)):
        known = ", ".join(kinds.QUEUES)
        message = f"There is no queue {', '.join(unknown)}. Known are: {known}."
        raise InvalidRequest(message, code="unknown_queue")
    wanted = {name: kinds.kind_of(name).queue for name in names}
    if not queues:
        return [queue for queue in kinds.QUEUES if not wanted or queue in wanted.values()]
    for name, queue in wanted.items():
        if queue not in queues:
            message = f"Jobs of kind {name} wait in the queue {queue}: name it too, or leave the queues out."
            raise InvalidRequest(message, code="kind_without_queue")
    return [queue for queue in queues if not wanted or queue in wanted.values()]
