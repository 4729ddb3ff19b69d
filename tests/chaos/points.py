"""The boundaries of a sync's stages, and how a worker of the chaos tests stops at one until it is told to go on.

An order is a file `order` (point, its how manieth passing); the worker that comes there renames it to `reached`,
with its process id, and waits for a file `go`. The product knows nothing of it: its functions are wrapped before
the module that runs them is loaded.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sync.pipeline import Stage
    from sync.pipeline.batch import Batch

STAGES = (
    "fetch",
    "normalize",
    "validate",
    "apply_mapping",
    "identify",
    "delta",
    "resolve",
    "ingest",
    "track",
)
POINTS = (*STAGES, "commit", "committed")
"""Before each stage; `commit`: all is written, nothing committed; `committed`: nobody knows of it yet."""
LOAD_POINTS = tuple(f"load-{point}" for point in POINTS)
"""The same, of the first load of an entity of which nothing is known."""
PUSH_POINTS = ("note", "noted", "send", "sent", "answer", "answered", "delivered")
"""Of a push: before and after it notes what will leave, before and after the request, before and after it writes what
was answered, in the transactions of these; and when that is committed."""
IN_WEB = ("asked", "taken")
LOOKS = ("looking", "looked")
COMMAND_POINTS = (*IN_WEB, "intended", "leaving", "left", "proving", *LOOKS)
"""Of a command: when it is written and not committed, when it is taken and not answered; before it is noted as sent,
before and after the request, when its outcome is written and not committed; before and after it is read back."""
PATIENCE = 90.0


class Gate:
    """Where this process stops."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._order = ""
        self._passed: Counter[str] = Counter()

    def before(self, stage: Stage) -> Stage:
        """The stage, with a stop before it."""

        @wraps(stage)
        def stopped(batch: Batch) -> Batch:
            if batch.run is not None and batch.run.claim.kind == "sync":
                self.reach(stage.__name__)
            return stage(batch)

        return stopped

    def after(self, stage: Stage, point: str) -> Stage:
        """The stage, with a stop after it."""

        @wraps(stage)
        def stopped(batch: Batch) -> Batch:
            batch = stage(batch)
            if batch.run is not None and batch.run.claim.kind == "sync":
                self.reach(point)
            return batch

        return stopped

    def around(self, owner: Any, name: str, before: str, after: str) -> None:
        """Let a function of a class or module stop before and after what it does, where these points have names."""
        method = getattr(owner, name)

        @wraps(method)
        def stopped(*given: Any, **named: Any) -> Any:
            if before:
                self.reach(before)
            answer = method(*given, **named)
            if after:
                self.reach(after)
            return answer

        setattr(owner, name, stopped)

    def reach(self, point: str) -> None:
        """Stop here if that is asked for."""
        if self._is_asked_for(point):
            until = time.monotonic() + PATIENCE
            while not (self._folder / "go").exists() and time.monotonic() < until:
                time.sleep(0.01)

    def _is_asked_for(self, point: str) -> bool:
        with self._lock:
            try:
                text = (self._folder / "order").read_text()
            except FileNotFoundError:
                return False
            if text != self._order:
                self._order, self._passed = text, Counter()
            order: dict[str, Any] = json.loads(text)
            self._passed[point] += 1
            if point != order["point"] or self._passed[point] != order["nth"]:
                return False
            (self._folder / "pid").write_text(str(os.getpid()))
            (self._folder / "order").rename(self._folder / "reached")
            return True


def install(folder: Path) -> None:
    """Let this process stop where it is told to."""
    from sync import pipeline
    from sync.jobs.claim import Claim
    from sync.targets.ledger import Ledger
    from sync.targets.rest import RestTarget

    assert "sync.pipeline.runner" not in sys.modules, "it has taken the stages as they are"
    gate = Gate(folder)
    reading: Any = sys.modules["sync.pipeline.fetch"]
    reading.fetch = gate.before(reading.fetch)
    names = ("fetch", *(stage.__name__ for stage in (*pipeline.PURE, *pipeline.COMMITTED)))
    assert names == STAGES, names
    pipeline.PURE = tuple(map(gate.before, pipeline.PURE))
    *others, track = map(gate.before, pipeline.COMMITTED)
    pipeline.COMMITTED = (*others, gate.after(track, "commit"))
    claims: Any = Claim
    claims.advance = _announced(gate, Claim.advance)
    _install_commands(gate)
    gate.around(Ledger, "note", "note", "noted")
    gate.around(Ledger, "revived", "send", "")
    gate.around(RestTarget, "send", "", "sent")
    gate.around(Ledger, "answer", "answer", "answered")


def install_web(folder: Path) -> None:
    """The same for a web server, which takes commands."""
    _install_commands(Gate(folder))


def _install_commands(gate: Gate) -> None:
    from sync.commands import accept, ledger, sending

    assert "sync.commands.run" not in sys.modules, "it has taken the functions as they are"
    assert "api.commands" not in sys.modules, "it has taken the functions as they are"
    gate.around(accept, "accept", "", "taken")
    gate.around(sending, "send", "leaving", "left")
    gate.around(sending, "look", "looking", "looked")
    write: Any = ledger.write
    places = {ledger.ANSWERED, ledger.NO_ANSWER, ledger.NO_EFFECT}

    @wraps(write)
    def stopped(command: Any, state: str, step: str, **named: Any) -> None:
        if step == ledger.SENDING:
            gate.reach("intended")
        write(command, state, step, **named)
        if step == ledger.ASKED:
            gate.reach("asked")
        if step in places:
            gate.reach("proving")

    lines: Any = ledger
    lines.write = stopped


def _announced(gate: Gate, advance: Callable[[Any], None]) -> Callable[[Any], None]:
    def stopped(claim: Any) -> None:
        point = {"sync": "committed", "push": "delivered"}.get(claim.kind)
        if point:
            gate.reach(point)
        advance(claim)

    return stopped


class Order:
    """The other side: ask a worker to stop, see that it did, let it go."""

    def __init__(self, folder: Path, point: str, nth: int) -> None:
        self._folder = folder
        for name in ("order", "reached", "go", "pid"):
            (folder / name).unlink(missing_ok=True)
        draft = folder / "draft"
        draft.write_text(json.dumps({"point": point, "nth": nth, "at": time.time()}))
        draft.rename(folder / "order")

    @property
    def reached(self) -> bool:
        """Whether a worker stands there."""
        return (self._folder / "reached").exists()

    @property
    def pid(self) -> int:
        """The worker that stands there."""
        return int((self._folder / "pid").read_text())

    def go(self) -> None:
        """Let it go on; also where it never came."""
        (self._folder / "order").unlink(missing_ok=True)
        (self._folder / "go").touch()
