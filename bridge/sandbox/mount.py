"""One far end at its place in the server: its moods, its limit of requests at once, its journal, its effects."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from bridge.sandbox.effects import Effects, caused_by
from bridge.sandbox.exchange import Request, Response
from bridge.sandbox.journal import Journal
from bridge.sandbox.moods import InForce, Mood, Moods
from bridge.sandbox.store import Store, UnknownError
from bridge.sandbox.view import View
from bridge.sandbox.webhooks import Sender

GLANCE = 0.2  # seconds between two looks at whether a waiting client is still there


class FarEnd(Protocol):
    """What a system's sandbox.py gives from its `far_end()`."""

    name: str
    store: Store
    # Requests it works on at once; more are refused as the vendor refuses them. None: no limit.
    concurrent: int | None
    # Tells of changes by itself. None: it cannot.
    sender: Sender | None

    def entity_of(self, request: Request) -> str | None:
        """Name the table a request is about, as far as it can be told; never raises."""

    def answer(self, request: Request, view: View) -> Response:
        """Answer as the vendor does, errors included, with the rows as they are to be seen."""

    def refusal(self, status: int) -> Response:
        """Refuse in the vendor's words: 429 (too many requests) or 500."""


class Mount:
    """Leads requests to one far end, as its moods allow."""

    def __init__(self, far_end: FarEnd, stopping: threading.Event) -> None:
        self.far_end = far_end
        self.moods = Moods()
        self.journal = Journal()
        self.effects = Effects(far_end.store)
        self._stopping = stopping
        self._lock = threading.Lock()
        self._under_way = 0

    def answer(self, request: Request) -> Response | None:
        """Answer a request; None means hang up without a word."""
        arrived = time.time()
        entity = self._entity_of(request)
        response = self._within_limit(request, entity)
        self.journal.write(
            request,
            at=arrived,
            seconds=time.time() - arrived,
            status=response.status if response else None,
            entity=entity,
            note=response.note if response else "down",
        )
        return response

    def reset(self) -> None:
        """Bring back the rows, the good mood, an empty journal and no effects."""
        self.far_end.store.reset()
        self.moods.switch(Mood(mood="ok"))
        self.journal.clear()
        self.effects.clear()
        if self.far_end.sender:
            self.far_end.sender.reset()

    def close(self) -> None:
        """Let nothing of it run on."""
        if self.far_end.sender:
            self.far_end.sender.close()

    def _entity_of(self, request: Request) -> str | None:
        named = self.far_end.entity_of(request)
        try:
            return self.far_end.store.table(named).name if named else None
        except UnknownError:
            return None

    def _within_limit(self, request: Request, entity: str | None) -> Response | None:
        limit = self.far_end.concurrent
        with self._lock:
            if limit is not None and self._under_way >= limit:
                return self.far_end.refusal(429)
            self._under_way += 1
        try:
            return self._in_mood(request, entity)
        finally:
            with self._lock:
                self._under_way -= 1

    def _in_mood(self, request: Request, entity: str | None) -> Response | None:
        struck = self.moods.strike(entity)
        within, told = _counted(struck)
        answered = self._struck(request, struck) if within else self.far_end.refusal(429)
        return _telling(answered, told) if answered else None

    def _struck(self, request: Request, struck: Sequence[InForce]) -> Response | None:
        view, fate, kept = View(), "", None
        for met in struck:
            mood = met.mood
            view = met.joined(view)
            if mood.name == "slow":
                self._hold_back(mood.wait, request)
            elif mood.name == "down":
                return None
            elif mood.name in ("429", "500"):
                return self._refuse(mood)
            elif mood.name in ("lost", "cut", "denied"):
                fate = mood.name
            elif mood.name == "repeated":
                kept = met
            elif mood.name == "idempotent":
                request = replace(request, moods=request.moods | {mood.name})
        with caused_by(request):
            response = self.far_end.answer(request, view)
        if kept is not None:
            response, kept.before = _repeated(response, kept.before)
        if fate == "denied":
            return replace(self.far_end.refusal(500), note=fate)
        return None if fate == "lost" else replace(response, cut=fate == "cut")

    def _hold_back(self, seconds: float, request: Request) -> None:
        # A killed client must not keep its place among the requests at once, or its successor is refused.
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not request.gone():
            if self._stopping.wait(min(left, GLANCE)):
                return

    def _refuse(self, mood: Mood) -> Response:
        refusal = self.far_end.refusal(int(mood.name))
        if mood.retry_after is None or mood.name != "429":
            return refusal
        return _telling(refusal, {"Retry-After": f"{mood.retry_after:g}"})


def _counted(struck: Sequence[InForce]) -> tuple[bool, Mapping[str, str]]:
    """Whether one more request is within every window, and what is told of them."""
    counts = [met.window.count() for met in struck if met.window is not None]
    headers = {name: value for _, told in counts for name, value in told.items()}
    return all(within for within, _ in counts), headers


def _telling(response: Response, headers: Mapping[str, str]) -> Response:
    return replace(response, headers={**response.headers, **headers}) if headers else response


def _repeated(response: Response, before: Response | None) -> tuple[Response, Response | None]:
    """What is answered, and what comes in place of the next answer."""
    if before is not None:
        return replace(before, note="repeated"), None
    return response, response if response.status == 200 else None
