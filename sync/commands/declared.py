"""Which commands there are, and how a name finds its declaration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from sync.commands import Command
from sync.declare import System
from sync.errors import ConfigError
from sync.registry import registry

SCOPE = "command:"
"""A token may ask for a command whose path stands behind this in one of its scopes."""


class UnknownCommand(ConfigError):  # noqa: N818 - reads as what it names, at every call
    """No command has that name."""

    code = "unknown_command"


@dataclass(frozen=True, slots=True)
class Declared:
    """A command in its system."""

    system: System
    command: Command

    @property
    def path(self) -> str:
        """Its public name, such as `netsuite.upsert_customer`."""
        return f"{self.system.name}.{self.command.name}"

    @property
    def label(self) -> str:
        """Words for people."""
        return f"{self.system.label or self.system.name} {self.command.label or self.command.name}"

    @property
    def scope(self) -> str:
        """What a token needs to ask for it."""
        return f"{SCOPE}{self.path}"


def declared() -> Iterator[Declared]:
    """Every command of every system."""
    for system in registry.systems:
        for command in system.commands:
            yield Declared(system, command)


def find(name: str, system: System | None = None) -> Declared:
    """The command of a path (`netsuite.upsert_customer`, `netsuite/upsert_customer`) or, given its system, of a name.

    Raises UnknownCommand with names that are near.
    """
    path = name.replace("/", ".")
    if system is not None and "." not in path:
        path = f"{system.name}.{path}"
    known = {one.path: one for one in declared()}
    if path in known:
        return known[path]
    near = get_close_matches(path, known, n=3) or sorted(known)
    listed = f"Known are: {', '.join(near)}." if near else "No system declares any."
    raise UnknownCommand(f"There is no command {name[:100]!r}. {listed}")


def owner_of(path: str) -> Declared | None:
    """The command that is served at this bare path, or None."""
    return next((one for one in declared() if one.command.path == path), None)
