"""Drained and replaced under load, workers lose no command, do none twice and burn no try."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from django.db import connection

from sync.jobs import fleet
from sync.models import Attempt, Command, Job, Worker
from tests.integration.commands.conftest import OPERATOR, SpawnWorker, ask
from tests.integration.jobs.test_worker import ask as ask_for
from tests.integration.jobs.test_worker import begun, known_kinds, wait_for
from tests.office import Office

__all__ = ["known_kinds"]
PATIENCE = 60
UNFINISHED = ("pending", "processing")

pytestmark = pytest.mark.slow


@contextmanager
def load() -> Iterator[list[str]]:
    """Letters and small jobs, asked for one after another; those to whom letters are to go."""
    over, asked = threading.Event(), list[str]()

    def go_on() -> None:
        for number in count():
            if over.wait(0.1):
                connection.close()
                return
            ask("mail", {"to": f"no. {number}", "text": "hello"})
            asked.append(f"no. {number}")
            ask_for("quick")

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield asked
    finally:
        over.set()
        thread.join()


def eventually(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_two_workers_are_drained_and_replaced_under_load(
    office: Office, worker: SpawnWorker, tmp_path: Path
) -> None:
    office.on_effect = lambda: time.sleep(0.05)  # so that letters are under way at any moment
    first, second = worker(), worker()
    long = ask_for("until_let_go", file=str(tmp_path / "go"))
    with load() as asked:
        begun(long)
        eventually(lambda: len(office.effects) > 5 and Worker.objects.count() == 2)

        fleet.drain(by=OPERATOR, wait=0)

        wait_for(long, lambda: long.status == "pending", "handed back")
        eventually(lambda: fleet.running() == 0)
        done, before = len(office.effects), len(asked)
        first.send_signal(signal.SIGTERM)
        assert first.wait(PATIENCE) == 0
        worker()
        (tmp_path / "go").touch()
        eventually(lambda: Worker.objects.count() == 2 and len(asked) > before + 5)
        assert (len(office.effects), fleet.running()) == (done, 0)
        fleet.resume(by=OPERATOR)
        eventually(lambda: len(office.effects) > done + 5)
    eventually(lambda: not Job.objects.filter(status__in=UNFINISHED).exists())

    assert second.poll() is None
    assert Counter(one["body"]["to"] for one in office.effects) == Counter(asked)
    assert set(Command.objects.values_list("state", flat=True)) == {"proven"}
    assert set(Job.objects.values_list("status", "attempts", "deaths")) == {("success", 0, 0)}
    assert set(Attempt.objects.values_list("outcome", flat=True)) == {"success", "interrupted"}
