"""A worker that is frozen in the middle of a commit: its locks end, and its work goes on."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Iterator

import pytest
from django.db import DEFAULT_DB_ALIAS, connections, transaction

from sync.jobs import reaper
from sync.jobs.claim import Claim
from sync.jobs.frozen import end_idle_transactions
from sync.jobs.retry import judge
from tests.integration.jobs.conftest import Register, ask, done, run
from tests.integration.jobs.test_reaper import dies, forget


@pytest.fixture
def impatient() -> Iterator[None]:
    """Connections opened now may pause for half a second."""
    settings = connections.settings[DEFAULT_DB_ALIAS]
    before = copy.deepcopy(settings["OPTIONS"])
    end_idle_transactions(0.5)
    yield
    settings["OPTIONS"].clear()
    settings["OPTIONS"].update(before)


class Frozen:
    """Holds a job in a transaction, and says nothing until it is thawed."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.error: Exception | None = None
        self.holds, self.thawed = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._work)
        self.thread.start()
        assert self.holds.wait(10)

    def thaw(self) -> None:
        self.thawed.set()
        self.thread.join()

    def _work(self) -> None:
        try:
            with transaction.atomic():
                self.claim.hold()
                self.holds.set()
                self.thawed.wait(30)
                self.claim.finish({})
        except Exception as error:
            self.error = error
        finally:
            connections.close_all()


def test_its_job_is_recovered_and_what_it_would_commit_is_refused(handle: Register, impatient: None) -> None:
    handle(done)
    job = ask()
    frozen = Frozen(dies(job))
    forget(job)

    assert reaper.recover() == 0, "its transaction still holds the job"
    until = time.monotonic() + 30
    while not reaper.recover():
        assert time.monotonic() < until
        time.sleep(0.05)
    frozen.thaw()

    assert run(job) == "success"
    assert frozen.error is not None
    verdict = judge(frozen.error, burned=0, tiers=())
    assert (verdict.outcome, verdict.code, verdict.burns) == ("retry", "database_unavailable", False)
