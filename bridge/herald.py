"""Tells people what `bridge up` has brought up, and shows the first syncs; on a thread of its own."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from argparse import Namespace
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import structlog
from django.db import DatabaseError, InterfaceError, connection

from bridge.bars import Outcome
from bridge.following import follow
from bridge.services.admin_login import admin_login
from bridge.services.first_sync import BY, ask_for_first_syncs
from bridge.services.greeting import Greeting, address, example_path
from bridge.services.screen import Screen
from bridge.verbs.token import make
from sync.commands.declared import declared

TOKEN_LIFETIME = timedelta(hours=12)
SCOPES = ["read", "sync", "operate"]

T = TypeVar("T")
log = structlog.get_logger(__name__)


class Herald(threading.Thread):
    """Lives until everything is told."""

    def __init__(
        self,
        options: Namespace,
        data_dir: Path,
        sandbox_port: int | None,
        stopping: threading.Event,
        screen: Screen,
    ) -> None:
        super().__init__(name="herald", daemon=True)
        self.options = options
        self.data_dir = data_dir
        self.sandbox_port = sandbox_port
        self.stopping = stopping
        self.screen = screen

    def run(self) -> None:
        """Ask for the first syncs, greet, show how they go; the database may die and come back meanwhile."""
        try:
            self._tell()
        except Exception:  # whatever it is, it must not go by unseen; the services go on
            log.exception("the greeting failed")

    def _tell(self) -> None:
        jobs: list[UUID] = [] if self.options.no_sync else self._surely(ask_for_first_syncs, [])
        admin = self._surely(lambda: admin_login(self.data_dir), None)
        url = address(self.options.host, self.options.port)
        self._await_web(f"{url}/api/v1/health/live")
        if self.stopping.is_set():
            return
        token = self._surely(self._token, None)
        if token is None:
            return
        greeting = Greeting(
            url=url,
            admin=admin,
            token=token,
            example=example_path(),
            sandbox_port=self.sandbox_port,
            data_dir=self.data_dir,
            default_data_dir=self.data_dir == Path(".bridge").absolute(),
        )
        self.screen.say(greeting.text())
        self._surely(lambda: self._show(jobs), None)
        connection.close()

    def _token(self) -> str:
        return make("bridge-up", [*SCOPES, *(one.scope for one in declared())], TOKEN_LIFETIME, by=BY)

    def _show(self, jobs: list[UUID]) -> None:
        if not jobs:
            return
        self.screen.say("First sync:")
        last = follow(jobs, stopped=self.stopping, screen=self.screen.bars()).values()
        left = [look for look in last if look.outcome is not Outcome.SUCCESS]
        if not left:
            self.screen.say("All records are here. `bridge status` shows how they stand.")
        elif not self.stopping.is_set():
            self.screen.say(
                f"{len(left)} of {len(jobs)} did not end well: `bridge jobs` and the log say why."
            )

    def _await_web(self, url: str) -> None:
        while not self.stopping.is_set():
            try:
                with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own address
                    return
            except (urllib.error.URLError, OSError):  # not yet
                self.stopping.wait(0.1)

    def _surely(self, act: Callable[[], T], otherwise: T) -> T:
        """Do it again and again until the database lets it be done."""
        while not self.stopping.is_set():
            try:
                return act()
            except (DatabaseError, InterfaceError) as error:
                log.warning("the database is away, trying again", reason=str(error).strip())
                connection.close()
                self.stopping.wait(1.0)
        return otherwise
