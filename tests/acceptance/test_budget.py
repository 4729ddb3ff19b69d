"""Three processes share a budget of ten requests a second and a burst of twenty: the far end's log is the judge."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest

from sync.audit import Actor
from sync.budget import SharedGate, acts
from sync.errand import Errand, on
from sync.http import Session
from sync.jobs.priorities import INTERACTIVE
from tests.farend import FarEnd
from tests.integration.jobs.conftest import database_url

RATE, BURST = 10, 20
TOLD = 1.5  # seconds of the Retry-After
pytestmark = pytest.mark.slow


class Refusing(FarEnd):
    """A far end that refuses one request and says when to come again."""

    refuse = False
    refused_at = 0.0

    def answer(self, path: str, params: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        if self.refuse:
            self.refuse = False
            self.asked.append((time.time(), path, params))
            self.refused_at = time.time()
            return 429, {"Retry-After": str(TOLD)}, b"{}"
        return super().answer(path, params)


@contextmanager
def processes(url: str, number: int) -> Iterator[None]:
    """So many processes that ask with three threads each, all at once."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "bridge.settings",
        "DATABASE_URL": database_url(),
        "BRIDGE_SYSTEMS": "tests.shop",
    }
    arguments = [sys.executable, "-m", "tests.acceptance.asking", url, "3"]
    options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    started = [subprocess.Popen(arguments, env=environment, **options) for _ in range(number)]  # type: ignore[call-overload]
    try:
        for process in started:
            assert process.stdout.readline() == b"asking\n"
        yield
    finally:
        for process in started:
            process.communicate(timeout=30)


def test_processes_share_rate_and_burst_obey_a_pause_and_let_interactive_work_through(
    committed: None,
) -> None:
    acts.edit("shop", {"rate": RATE, "burst": BURST}, by=Actor(name="olga", door="api"))
    waits: list[float] = []
    far_end = Refusing()
    with far_end:
        far_end.set("gadgets", {"id": 1})
        with processes(far_end.url, 3):
            asked_by_us = Session("shop", far_end.url, gate=(gate := SharedGate()))
            with on(Errand(priority=INTERACTIVE)):
                for _ in range(5):
                    time.sleep(0.3)
                    began = time.monotonic()
                    asked_by_us.request("GET", "/gadgets/1")
                    waits.append(time.monotonic() - began)
            far_end.refuse = True
            time.sleep(TOLD + 1.5)
        gate.close()
        moments = sorted(moment for moment, _path, _params in far_end.asked)
        refused_at = far_end.refused_at

    assert most_beyond(moments) <= BURST
    assert len(moments) > BURST  # it was asked all the time, not only in the first burst
    assert max(waits) <= 1.0
    # What was on its way when the refusal came is there a moment later; then nobody asks.
    assert [m - refused_at for m in moments if refused_at + 0.5 < m < refused_at + TOLD - 0.05] == []
    assert moments[-1] > refused_at + TOLD - 0.05


def most_beyond(moments: list[float]) -> float:
    """Over all windows: the requests in it, less what the rate allows in its length."""
    most, level = 0.0, 0.0
    for before, now in pairwise([moments[0], *moments]):
        level = max(level - RATE * (now - before), 0.0) + 1
        most = max(most, level)
    return most
