"""How a far end misbehaves, switchable while it runs."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Literal

import msgspec

from bridge.sandbox.dirt import Dirt
from bridge.sandbox.exchange import Response
from bridge.sandbox.view import View

DELAY = 1.0
SHARE = 0.01
SHARE_GONE = 0.5


class Mood(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One mood of one far end, for all its entities or for one."""

    # lost: the request takes effect, its answer never arrives. cut: half of the answer arrives.
    # repeated: every other answer is the one before it. halved, shrunk, shuffled, drifted: see View.
    # idempotent: creating what is there updates it.
    mood: Literal[
        "ok", "slow", "429", "500", 429, 500, "down", "lost", "cut", "repeated",
        "dirty", "halved", "shrunk", "shuffled", "drifted", "idempotent",
    ]  # fmt: skip
    entity: str | None = None
    # slow: seconds added to each answer (two names for one thing).
    seconds: float | None = None
    delay: float | None = None
    # 429: seconds for a Retry-After header; without it the header is absent.
    retry_after: float | None = None
    # Any but ok: how many requests pass before it begins, and how many it lasts; without it until it is switched off.
    after: int = 0
    times: int | None = None
    # shrunk: the share of the rows that is gone (a half). dirty: the share that is bad (a hundredth).
    share: float | None = None
    # shuffled: the order.
    seed: int = 1
    # drifted: new names by the old ones; without them the last column gets another.
    renamed: dict[str, str] = {}
    # dirty: which rows (by key, else the share) and how (by kind, or the values served instead).
    rows: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    columns: dict[str, msgspec.Raw] = {}

    @property
    def name(self) -> str:
        """The mood's word; 429 and 500 may have been given as numbers."""
        return str(self.mood)

    @property
    def wait(self) -> float:
        """Seconds to hold back each answer."""
        given = self.seconds if self.seconds is not None else self.delay
        return DELAY if given is None else given


@dataclass(kw_only=True)
class InForce:
    """A mood that is on."""

    mood: Mood
    dirt: Dirt
    left: int | None
    # Requests that pass before it begins.
    ahead: int
    # repeated: the answer before, where it has not been repeated yet.
    before: Response | None = None

    def joined(self, view: View) -> View:
        """The view with what this mood does to rows."""
        match self.mood.name:
            case "dirty":
                return replace(view, dirt=self.dirt)
            case "shrunk":
                return replace(view, gone=SHARE_GONE if self.mood.share is None else self.mood.share)
            case "shuffled":
                return replace(view, seed=self.mood.seed)
            case "halved":
                return replace(view, halved=True)
            case "drifted":
                return replace(view, renamed=self.mood.renamed)
        return view


class Moods:
    """The moods in force at one far end: at most one for all entities and one for each."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set: dict[str | None, InForce] = {}

    def switch(self, mood: Mood) -> None:
        """Put a mood in force in place of the one it had; `ok` for all entities ends every mood."""
        with self._lock:
            if mood.name == "ok" and mood.entity is None:
                self._set.clear()
            self._set.pop(mood.entity, None)
            if mood.name != "ok":
                self._set[mood.entity] = InForce(
                    mood=mood, dirt=_dirt_of(mood), left=mood.times, ahead=mood.after
                )

    def all(self) -> list[InForce]:
        """Return what is in force, without using it up."""
        with self._lock:
            return list(self._set.values())

    def strike(self, entity: str | None) -> list[InForce]:
        """Return what a request for an entity meets; counts towards `times`."""
        with self._lock:
            scopes = [scope for scope in dict.fromkeys((None, entity)) if scope in self._set]
            return [met for scope in scopes if (met := self._use(scope))]

    def _use(self, scope: str | None) -> InForce | None:
        met = self._set[scope]
        if met.ahead > 0:
            met.ahead -= 1
            return None
        if met.left is not None:
            met.left -= 1
            if met.left <= 0:
                del self._set[scope]
        return met


def _dirt_of(mood: Mood) -> Dirt:
    columns = {name: bytes(raw) for name, raw in mood.columns.items()}
    share = SHARE if mood.share is None else mood.share
    return Dirt(share=share, rows=mood.rows, kinds=mood.kinds, columns=columns)
