"""Which systems and entities there are, and how a name finds its entity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from sync.declare import Entity, Parent, System
from sync.errors import UnknownEntity


@dataclass(frozen=True)
class Registered:
    """An entity in its system: what the engine works with."""

    system: System
    entity: Entity

    @property
    def path(self) -> str:
        """Its public name, such as `netsuite.customers`."""
        return f"{self.system.name}.{self.entity.name}"

    @property
    def label(self) -> str:
        """Words for people."""
        return f"{self.system.label or self.system.name} {self.entity.label or self.entity.name}"

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All fields that are served, the computed ones too."""
        return (*self.entity.fields, *self.entity.computed)


class Registry:
    """The systems of this process, frozen once the settings are read."""

    def __init__(self) -> None:
        self._entities: dict[str, Registered] = {}
        self._names: dict[str, list[str]] = {}
        self.systems: tuple[System, ...] = ()

    def fill(self, systems: Iterable[System]) -> None:
        """Take these systems in place of what was known. Clashes are reported by `manage.py check`."""
        self.systems = tuple(systems)
        self._entities = {}
        self._names = {}
        for system in self.systems:
            for entity in system.entities:
                registered = Registered(system, entity)
                self._entities.setdefault(registered.path, registered)
                for name in (entity.name, *entity.aliases) if entity.owns_name else ():
                    self._names.setdefault(name, []).append(registered.path)

    def __iter__(self) -> Iterator[Registered]:
        return iter(self._entities.values())

    def __contains__(self, path: str) -> bool:
        return path in self._entities

    def find(self, name: str) -> Registered:
        """The entity of a path (`netsuite.customers`, `netsuite/customers`), owned name or alias.

        Raises UnknownEntity with the names there are.
        """
        path = name.replace("/", ".")
        if path in self._entities:
            return self._entities[path]
        if owners := self._names.get(name):
            return self._entities[owners[0]]
        if aliased := self._within_system(path):
            return aliased
        known = ", ".join(sorted([*self._entities, *self._names]))
        raise UnknownEntity(f"There is no entity {name!r}. Known are: {known}.")

    def owner_of(self, name: str) -> Registered | None:
        """The entity that owns a bare name, or None."""
        owners = self._names.get(name)
        return self._entities[owners[0]] if owners else None

    def clashes(self) -> dict[str, list[str]]:
        """Bare names that more than one entity claims."""
        return {name: paths for name, paths in self._names.items() if len(paths) > 1}

    def bare_names(self) -> dict[str, Registered]:
        """Every bare name and alias with its owner."""
        return {name: self._entities[paths[0]] for name, paths in self._names.items()}

    def parent(self, child: Registered, parent: Parent) -> Registered:
        """The entity that a Parent names: in the child's own system, or by full path."""
        path = parent.entity if "." in parent.entity else f"{child.system.name}.{parent.entity}"
        return self.find(path)

    def children(self, of: Registered) -> list[tuple[Registered, Parent]]:
        """The entities that wait for rows of this one."""
        return [
            (child, parent)
            for child in self
            for parent in child.entity.parents
            if self.parent(child, parent).path == of.path
        ]

    def _within_system(self, path: str) -> Registered | None:
        system, _, alias = path.partition(".")
        for registered in self:
            if registered.system.name == system and alias in registered.entity.aliases:
                return registered
        return None


registry = Registry()
