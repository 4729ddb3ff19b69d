"""A far end that tells of its changes by itself: signed, as they happen, or late, twice and out of order as told to."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import msgspec
import requests

from bridge.sandbox.store import Row, Store, StoreError, Table

TRIES = 3
PAUSE = 0.5  # seconds between two tries of a delivery
MOST_KEPT = 10_000
Describe = Callable[["Setting", Table, Row, str], "Delivery | None"]
"""What tells of a row's change (created, updated or deleted) under a setting; None: nothing does."""
Sign = Callable[["Delivery"], dict[str, str]]
"""The headers of a delivery, its signature among them."""


class Setting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How changes are told."""

    url: str | None = None  # `{entity}` in it is filled; null: nothing is told
    send: str = "row"  # or "key": without the record
    hold: bool = False  # kept back until they are released
    times: int = 1  # each delivery is sent so often


class Release(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How deliveries that were kept back go out."""

    order: str = "sent"  # or "reversed"
    times: int = 1


@dataclass(kw_only=True)
class Delivery:
    """One event on its way."""

    url: str
    entity: str
    event: str
    body: bytes
    id: str = field(default_factory=lambda: str(uuid4()))
    answers: list[int | str] = field(default_factory=list)  # status of each try, or what went wrong

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return {"id": self.id, "entity": self.entity, "event": self.event, "answers": self.answers}


class Sender:
    """Sends one after the other, on a thread of its own."""

    def __init__(self, store: Store, describe: Describe, sign: Sign) -> None:
        self._describe, self._sign = describe, sign
        self._setting = Setting()
        self._held: list[Delivery] = []
        self._sent: dict[str, Delivery] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="webhooks")
        store.watch(self._hear)

    def switch(self, setting: Setting) -> None:
        """Tell of changes from now on as it says. Raises StoreError."""
        if setting.url is not None and not setting.url.startswith(("http://", "https://")):
            raise StoreError("url: http://… or https://…, or null for none")
        if setting.send not in ("row", "key") or not 1 <= setting.times <= 10:
            raise StoreError("send: row or key; times: from 1 to 10")
        self._setting = setting

    def release(self, wanted: Release) -> list[Delivery]:
        """Send what was kept back, and wait until it has gone. Raises StoreError."""
        if wanted.order not in ("sent", "reversed") or not 1 <= wanted.times <= 10:
            raise StoreError("order: sent or reversed; times: from 1 to 10")
        with self._lock:
            going, self._held = self._held, []
        if wanted.order == "reversed":
            going.reverse()
        wait([self._send(one) for _ in range(wanted.times) for one in going])
        return going

    def state(self) -> dict[str, Any]:
        """The setting, what is kept back and what was sent."""
        with self._lock:
            held, sent = list(self._held), list(self._sent.values())
        facts = {"held": [one.told() for one in held], "sent": [one.told() for one in sent]}
        return {**msgspec.structs.asdict(self._setting), **facts}

    def reset(self) -> None:
        """Tell nothing any more, forget all."""
        self._setting = Setting()
        with self._lock:
            self._held, self._sent = [], {}

    def close(self) -> None:
        """Send nothing more, and wait for what is being sent."""
        self._closed.set()
        self._thread.shutdown(wait=True, cancel_futures=True)

    def run(self, work: Callable[[], None]) -> None:
        """Do something in turn, on the thread that sends."""
        self._thread.submit(work)

    def _hear(self, table: Table, row: Row, event: str) -> None:
        setting = self._setting
        one = self._describe(setting, table, row, event)
        if one is None:
            return
        if setting.hold:
            with self._lock:
                self._held.append(one)
            return
        for _ in range(setting.times):
            self._send(one)

    def _send(self, one: Delivery) -> Future[None]:
        with self._lock:
            self._sent[one.id] = one
            if len(self._sent) > MOST_KEPT:
                del self._sent[next(iter(self._sent))]
        return self._thread.submit(self._deliver, one)

    def _deliver(self, one: Delivery) -> None:
        for _ in range(TRIES):
            if self._closed.is_set():
                return
            answer = self._post(one)
            one.answers.append(answer)
            if isinstance(answer, int) and answer < 500:
                return
            self._closed.wait(PAUSE)

    def _post(self, one: Delivery) -> int | str:
        try:
            return requests.post(one.url, data=one.body, headers=self._sign(one), timeout=10).status_code
        except requests.RequestException as error:
            return type(error).__name__


def signed(secret: str) -> Sign:
    """Sign as most do: HMAC-SHA256 of id, time and body, each in a header."""
    key = secret.encode()

    def sign(one: Delivery) -> dict[str, str]:
        stamp = str(int(time.time()))
        text = b".".join((one.id.encode(), stamp.encode(), one.body))
        return {
            "Content-Type": "application/json",
            "X-Delivery-Id": one.id,
            "X-Timestamp": stamp,
            "X-Signature": f"sha256={hmac.new(key, text, hashlib.sha256).hexdigest()}",
        }

    return sign
