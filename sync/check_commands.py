"""What is wrong in the declaration of a command, and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from rest_framework.serializers import Serializer

from sync.check_lanes import of_lanes
from sync.check_limits import Wrong, of_retry
from sync.check_webhooks import of_signature, of_variable
from sync.commands import Callback, Command
from sync.declare import Signed, System
from sync.registry import Registry

TAKEN = ("settle", "compensate", "approve", "reject", "exchanges")
"""What stands behind a command's id in the API."""
FOR_COMMANDS = frozenset({"activities", "orders", "vouchers"})
"""Paths that nothing but a command may take."""
_PATH = re.compile(r"[a-z][a-z0-9-]*(?:/[a-z][a-z0-9-]*)*")
LONGEST_SETTLE = 7 * 86_400.0


def wrong_commands(system: System, known: Registry, reserved: Collection[str]) -> Iterator[Wrong]:
    """One finding for each fault of the system's commands."""
    names = [command.name for command in system.commands]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield "E023", f"the command {name!r} is declared twice", "Rename one."
    for command in system.commands:
        placed = (*_path(system, command, known, reserved), *_rules(system, command, known))
        for message, hint in (*_names(command), *placed, *_times(command)):
            yield "E023", f"its command {command.name!r} {message}", hint
        fields = getattr(command.payload, "_declared_fields", {})
        yield from of_lanes(command.lane, system, tuple(fields), known, None)


def _names(command: Command) -> Iterator[tuple[str, str]]:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", command.name):
        yield "has a name that is not lower case with underscores", "Such as upsert_customer."
    if command.name in TAKEN:
        yield "has a name that the API needs", f"Take none of {', '.join(TAKEN)}."
    if not (isinstance(command.payload, type) and issubclass(command.payload, Serializer)):
        yield "has a payload that is no serializer", "payload= is a subclass of rest_framework's Serializer."
    if command.on_refusal not in ("stop", "pass"):
        yield f"has on_refusal={command.on_refusal!r}", "It is stop or pass."
    if command.largest < 1:
        yield f"takes at most {command.largest} bytes", "At least one."


def _rules(system: System, command: Command, known: Registry) -> Iterator[tuple[str, str]]:
    if command.approval is not None and command.approval.persons < 1:
        yield f"needs the approval of {command.approval.persons} persons", "At least one, or no approval=."
    if command.callback is not None:
        for message, hint in _callback(command.callback):
            yield f"has a callback that {message}", hint
    if (way := command.compensation) is not None:
        path = way.command if "." in way.command else f"{system.name}.{way.command}"
        if path not in {f"{one.name}.{it.name}" for one in known.systems for it in one.commands}:
            yield f"is taken back by the unknown command {way.command!r}", "Name one that is declared."


def _callback(callback: Callback) -> Iterator[tuple[str, str]]:
    if isinstance(callback.signed, Signed):
        yield from of_signature(callback.signed)
    else:
        yield from of_variable(callback.signed.variable)
    if callback.largest < 1:
        yield f"takes at most {callback.largest} bytes", "At least one."


def _path(
    system: System, command: Command, known: Registry, reserved: Collection[str]
) -> Iterator[tuple[str, str]]:
    if (path := command.path) is None:
        return
    if not _PATH.fullmatch(path):
        yield f"has the path {path!r}", "Lower case words with hyphens, parted by slashes, such as orders."
    owners = [f"{one.name}.{it.name}" for one in known.systems for it in one.commands if it.path == path]
    if len(owners) > 1:
        yield f"shares the path {path!r} with {', '.join(sorted(owners))}", "Give each a path of its own."
    first = path.partition("/")[0]
    entity = known.owner_of(first)
    others = {one.name for one in known.systems} - {system.name}
    if first in (set(reserved) - FOR_COMMANDS) | others or entity is not None:
        yield (
            f"has the path {path!r}, which is taken",
            "Take another: it is a path of the API, or of an entity.",
        )


def _times(command: Command) -> Iterator[tuple[str, str]]:
    for message, hint in of_retry(command.retry):
        yield f"has a retry policy that makes no sense: {message}", hint
    for message, hint in of_retry(command.find_retry):
        yield f"has a find_retry that makes no sense: {message}", hint
    settles = command.settles
    ordered = list(settles) == sorted(settles) and all(0 <= one <= LONGEST_SETTLE for one in settles)
    if not settles or not ordered:
        yield (
            f"looks after {settles}",
            "Seconds from 0 to a week, at least one, each no less than the one before.",
        )
