"""Leads a request to the far end it is for, or to the control pages."""

from __future__ import annotations

import importlib
import importlib.util
import threading
from collections.abc import Iterable
from dataclasses import replace
from typing import cast

from bridge.sandbox.control import Control
from bridge.sandbox.exchange import Request, Response, json_response
from bridge.sandbox.mount import FarEnd, Mount

SYSTEMS = ("netsuite", "apismith", "schedulehub", "notifications")


class Dispatcher:
    """The whole sandbox without its server: a request in, an answer (or None: hang up) out."""

    def __init__(self, systems: Iterable[str] = SYSTEMS) -> None:
        self.stopping = threading.Event()
        self.mounts = {far_end.name: Mount(far_end, self.stopping) for far_end in far_ends(systems)}
        self._control = Control(self.mounts)

    def answer(self, request: Request) -> Response | None:
        """Answer a request by the first part of its path."""
        head, _, rest = request.path.lstrip("/").partition("/")
        inside = replace(request, path="/" + rest)
        if head in self.mounts:
            return self.mounts[head].answer(inside)
        if head == "_control":
            return self._control.answer(inside)
        if head == "":
            return json_response({"sandbox": [f"/{name}" for name in self.mounts], "control": "/_control"})
        known = ", ".join(f"/{name}" for name in self.mounts)
        return json_response(
            {"error": f"nothing is mounted at /{head}; there are {known} and /_control"}, 404
        )


def far_ends(systems: Iterable[str]) -> list[FarEnd]:
    """Make the far ends of the systems that have a sandbox.py."""
    names = [f"bridge.systems.{system}.sandbox" for system in systems]
    found = [name for name in names if importlib.util.find_spec(name) is not None]
    return [cast(FarEnd, importlib.import_module(name).far_end()) for name in found]
