"""Network namespaces: processes on a machine of their own, as far as the network is concerned, that can be cut off."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self


@dataclass(frozen=True)
class Namespace:
    """One, with a cable to our switch."""

    name: str
    address: str
    switch: str

    @property
    def plug(self) -> str:
        """Its end of the cable at the switch."""
        return f"{self.name}p"

    def command(self, *command: str) -> list[str]:
        """A command, to be run in there."""
        return ["ip", "netns", "exec", self.name, *command]

    def cut(self) -> None:
        """Pull the cable out of the switch: packets go nowhere, and neither end is told."""
        ip("link", "set", self.plug, "nomaster")

    def mend(self) -> None:
        """Put it back."""
        ip("link", "set", self.plug, "master", self.switch)


class Namespaces:
    """So many of them behind one switch, for the time of a `with` block. Raises CannotBeMade."""

    def __init__(self, number: int) -> None:
        self.switch = f"chaos{os.getpid() % 100_000}"
        self.net = f"10.{os.getpid() % 250}.77"
        self.all = [
            Namespace(f"{self.switch}-{no}", f"{self.net}.{no}", self.switch) for no in range(2, number + 2)
        ]

    @property
    def here(self) -> str:
        """Our address, as they see us."""
        return f"{self.net}.1"

    def __enter__(self) -> Self:
        try:
            ip("link", "add", self.switch, "type", "bridge")
            ip("addr", "add", f"{self.here}/24", "dev", self.switch)
            ip("link", "set", self.switch, "up")
            for one in self.all:
                ip("netns", "add", one.name)
                ip("link", "add", one.plug, "type", "veth", "peer", "name", "eth0", "netns", one.name)
                ip("link", "set", one.plug, "up")
                ip("-n", one.name, "addr", "add", f"{one.address}/24", "dev", "eth0")
                ip("-n", one.name, "link", "set", "lo", "up")
                ip("-n", one.name, "link", "set", "eth0", "up")
                one.mend()
        except CannotBeMade:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take them away, with their cables."""
        for one in self.all:
            with suppress(CannotBeMade):  # it was never made
                ip("netns", "del", one.name)
        with suppress(CannotBeMade):
            ip("link", "del", self.switch)


class CannotBeMade(Exception):  # noqa: N818 - no fault: another machine lets nobody do it
    """This machine has no `ip`, or refuses."""


def ip(*arguments: str) -> None:
    """Run `ip`. Raises CannotBeMade."""
    try:
        done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise CannotBeMade("`ip` is not installed") from error
    if done.returncode:
        raise CannotBeMade(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
