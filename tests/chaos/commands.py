"""Messages that are to be sent once each, by a far end without keys that lists late; and what must hold of them."""

from __future__ import annotations

import json
import random
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bridge.sandbox.tokens import text_of
from tests.chaos.world import PATIENCE, Stuck, World

if TYPE_CHECKING:
    from tests.chaos.ran import Ran

NAME = "notifications.send_message"
MESSAGES = 6
_STATES = """
    SELECT command.id::text, state, status FROM command JOIN job ON job.id = job_id
    WHERE command.id::text = ANY(%s)
"""
_BY_KEY = "SELECT count(*) FROM command WHERE idempotency_key LIKE %s"


class Commands:
    """Some messages: two that say the same to the same person, and one more to that person, behind them."""

    def __init__(self, world: World, ran: Ran) -> None:
        self._world, self._ran = world, ran
        self._mark = f"{ran.key} {time.time_ns()}"
        self._messages: list[dict[str, str]] = []
        self._ids: dict[int, str] = {}
        self._error = ""
        self._thread = threading.Thread(target=self._ask, daemon=True)

    @property
    def is_begun(self) -> bool:
        """Whether all of them were taken."""
        return len(self._ids) == len(self._messages)

    def prepare(self, dice: random.Random) -> None:
        """Think of them."""
        numbers = dice.sample(range(10_000_000), MESSAGES - 2)
        self._messages = [{"to": f"+43660{no:07d}", "body": f"{self._mark} {no}"} for no in numbers]
        self._messages.insert(dice.randrange(1, len(numbers)), dict(self._messages[0]))
        self._messages.append(self._messages[0] | {"body": f"{self._mark} and more"})

    def begin(self) -> None:
        """Ask for them one after another, each again with its key until it is answered."""
        self._thread.start()

    def await_end(self) -> None:
        """Come back when all were answered, by a web server that is started again where it is gone."""
        until = time.monotonic() + PATIENCE
        while self._thread.is_alive() and time.monotonic() < until:
            self._world.heal()
            self._thread.join(0.2)
        if self._error or not self.is_begun:
            raise Stuck(self._error or "not all messages were taken")

    def broken(self) -> Iterator[str]:
        """Each was sent once, and its command says so."""
        wanted = Counter(f"{one['to']} {one['body']}" for one in self._messages)
        told = [
            f"{text_of(effect.row.columns['to'])} {text_of(effect.row.columns['body'])}"
            for effect in self._world.hub.systems["notifications"].effects.since(0, event="created")
        ]
        sent = Counter(text for text in told if self._mark in text)
        if many := sent - wanted:
            yield f"sent more than once: {dict(many)}"
        if fewer := wanted - sent:
            yield f"never sent: {dict(fewer)}"
        if len(set(self._ids.values())) != len(self._messages):
            yield f"{len(self._messages)} were asked for, {len(set(self._ids.values()))} commands answered"
        taken = self._world.rows(_BY_KEY, f"{self._mark}%".replace(" ", "_"))[0][0]
        if taken != len(self._messages):
            yield f"{len(self._messages)} were asked for, there are {taken} commands"
        found = self._world.rows(_STATES, list(self._ids.values()))
        if odd := [(state, status) for _, state, status in found if (state, status) != ("proven", "success")]:
            yield f"commands that are not proven: {odd}"

    def broken_in_peace(self) -> Iterator[str]:
        """The same, when nothing disturbs."""
        calm = Commands(self._world, self._ran)
        calm.prepare(random.Random(self._mark))
        calm.begin()
        calm.await_end()
        self._world.settled()
        yield from calm.broken()

    def _ask(self) -> None:
        try:
            for place, message in enumerate(self._messages):
                self._ids[place] = self._taken(f"{self._mark} {place}".replace(" ", "_"), message)
        except Stuck as error:
            self._error = str(error)

    def _taken(self, key: str, message: dict[str, str]) -> str:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                with urllib.request.urlopen(self._request(key, message), timeout=30) as answer:
                    found: dict[str, Any] = json.load(answer)
                    return str(found["id"])
            except urllib.error.HTTPError as error:
                if error.code < 500:
                    raise Stuck(f"{error.code}: {error.read().decode()[:300]}") from error
            except OSError:
                pass  # the web server is away
            if time.monotonic() > until:
                raise Stuck("the web server takes no message")
            time.sleep(0.2)

    def _request(self, key: str, message: dict[str, str]) -> urllib.request.Request:
        return self._world.request(
            f"/api/v1/commands/{NAME.replace('.', '/')}", message, {"Idempotency-Key": key}
        )
