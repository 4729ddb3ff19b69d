"""How a far end misbehaves, switchable while it runs."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, replace
from typing import Any, Literal

import msgspec

from bridge.sandbox.dirt import Dirt
from bridge.sandbox.exchange import Response
from bridge.sandbox.view import View
from bridge.sandbox.window import Window

DELAY = 1.0
SHARE = 0.01
SHARE_GONE = 0.5
# What a chaotic far end draws from for each request.
DRAWN = ("lost", "denied", "cut", "down", "429", "500")


class Mood(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One mood of one far end, for all its entities or for one."""

    # lost: the request takes effect, its answer never arrives. denied: it takes effect, the answer is a 500.
    # cut: half of the answer arrives. chaos: each request meets what is drawn for it, by the shares below.
    # late: what was added is missing in lists for some seconds.
    # repeated: every other answer is the one before it. halved, shrunk, shuffled, drifted: see View.
    # idempotent: creating what is there updates it. limited: so many requests in each window, told by headers.
    mood: Literal[
        "ok", "slow", "429", "500", 429, 500, "down", "lost", "denied", "cut", "repeated",
        "dirty", "halved", "shrunk", "shuffled", "drifted", "idempotent", "chaos", "late", "limited",
    ]  # fmt: skip
    entity: str | None = None
    # slow: seconds added to each answer (two names for one thing). late: seconds until lists show what was added.
    # limited: seconds of a window.
    seconds: float | None = None
    delay: float | None = None
    # 429: seconds for a Retry-After header; without it the header is absent.
    retry_after: float | None = None
    # Any but ok: how many requests pass before it begins, and how many it lasts; without it until it is switched off.
    after: int = 0
    times: int | None = None
    # limited: requests in a window, and the headers: X-RateLimit-… with seconds or an epoch moment, or RateLimit.
    limit: int = 10
    style: Literal["x", "epoch", "ietf"] = "x"
    # shrunk: the share of the rows that is gone (a half). dirty: the share that is bad (a hundredth).
    share: float | None = None
    # shuffled: the order. chaos: the draws.
    seed: int = 1
    # chaos: the share of the requests that each befalls; the rest is answered as always.
    lost: float = 0.0
    denied: float = 0.0
    cut: float = 0.0
    down: float = 0.0
    refused: float = msgspec.field(default=0.0, name="429")
    failing: float = msgspec.field(default=0.0, name="500")
    # drifted: new names by the old ones; without them the last column gets another.
    renamed: dict[str, str] = {}
    # dirty: which rows (by key, else the share) and how (by kind, or the values served instead).
    rows: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    columns: dict[str, msgspec.Raw] = {}

    def __post_init__(self) -> None:
        """Refuse shares that are none, with a ValueError."""
        shares = self.shares
        if min(shares) < 0 or sum(shares) > 1:
            raise ValueError("the shares of chaos are 0 or more, and at most 1 together")
        if sum(shares) and self.mood != "chaos":
            raise ValueError(f"shares of {', '.join(DRAWN)} belong to the mood chaos")

    @property
    def shares(self) -> tuple[float, ...]:
        """What befalls requests in chaos, in the order of DRAWN."""
        return self.lost, self.denied, self.cut, self.down, self.refused, self.failing

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
    # chaos: where its draws come from.
    draws: random.Random
    # limited: what was used.
    window: Window | None = None
    # repeated: the answer before, where it has not been repeated yet.
    before: Response | None = None

    def drawn(self) -> InForce | None:
        """What the next request meets of it; None: nothing."""
        if self.mood.name != "chaos":
            return self
        (fate,) = self.draws.choices((*DRAWN, "ok"), (*self.mood.shares, 1 - sum(self.mood.shares)))
        return None if fate == "ok" else replace(self, mood=_befalling(self.mood, fate))

    def joined(self, view: View) -> View:
        """The view with what this mood does to rows."""
        mood = self.mood
        changes: dict[str, dict[str, Any]] = {
            "dirty": {"dirt": self.dirt},
            "shrunk": {"gone": SHARE_GONE if mood.share is None else mood.share},
            "shuffled": {"seed": mood.seed},
            "halved": {"halved": True},
            "drifted": {"renamed": mood.renamed},
            "late": {"late": mood.wait},
        }
        return replace(view, **changes.get(mood.name, {}))


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
                self._set[mood.entity] = _in_force(mood)

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
        return met.drawn()


def _in_force(mood: Mood) -> InForce:
    draws = random.Random(mood.seed)  # noqa: S311 - the same ones for the same seed
    window = Window(mood.limit, mood.wait, mood.style) if mood.name == "limited" else None
    dirt = _dirt_of(mood)
    return InForce(mood=mood, dirt=dirt, left=mood.times, ahead=mood.after, draws=draws, window=window)


def _befalling(chaos: Mood, fate: str) -> Mood:
    return msgspec.convert({"mood": fate, "retry_after": chaos.retry_after}, Mood)


def _dirt_of(mood: Mood) -> Dirt:
    columns = {name: bytes(raw) for name, raw in mood.columns.items()}
    share = SHARE if mood.share is None else mood.share
    return Dirt(share=share, rows=mood.rows, kinds=mood.kinds, columns=columns)
