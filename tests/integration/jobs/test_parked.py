"""A job parked for its configuration is tried again when somebody may have changed that."""

from __future__ import annotations

import pytest

from sync.errors import ConfigError
from sync.jobs import parked
from sync.jobs.claim import Claim
from sync.models import Job, JobEvent
from sync.start import start_sync
from tests.integration.jobs.conftest import OPERATOR, Register, ask, done, entity, run, wakeups


@pytest.fixture
def refused(handle: Register) -> Job:
    def refuse(claim: Claim) -> None:
        raise ConfigError("The password is wrong: set SHOP_PASSWORD.", code="credentials_refused")

    handle(refuse, "sync")
    job = start_sync(entity(), by=OPERATOR).job
    assert run(job) == "parked"
    return job


def test_asking_for_the_same_sync_runs_it_again(refused: Job, handle: Register) -> None:
    handle(done, "sync")

    joined = start_sync(entity(), by=OPERATOR)

    assert (joined.created, joined.job.pk, joined.job.hold) == (False, refused.pk, None)
    assert joined.job.wakeup == wakeups(refused)[-1]["id"]
    assert run(refused) == "success"
    assert JobEvent.objects.get(name="retried").facts == {"by": OPERATOR.name}


def test_a_worker_that_starts_runs_it_again(refused: Job, handle: Register) -> None:
    handle(done, "sync")

    assert parked.release_all() == 1
    assert run(refused) == "success"


def test_it_waits_for_room_as_any_other(refused: Job) -> None:
    ask("sync")

    parked.release_all()

    refused.refresh_from_db()
    assert (refused.hold, refused.wakeup) == ("limit", None)


def test_what_is_not_parked_is_left_alone(handle: Register) -> None:
    job = ask()

    assert not parked.release(job.pk, by="test")
    assert len(wakeups(job)) == 1
