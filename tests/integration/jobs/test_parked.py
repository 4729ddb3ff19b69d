"""A job parked for its configuration is tried again when somebody may have changed that."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now

from sync.errors import ConfigError
from sync.jobs import parked
from sync.jobs.claim import Claim
from sync.models import Attempt, Job, JobEvent
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


@pytest.fixture
def expired(handle: Register) -> Job:
    def refuse(claim: Claim) -> None:
        raise ConfigError("Its certificate has expired.", code="certificate_refused")

    handle(refuse)
    job = ask()
    assert run(job) == "parked"
    return job


def let_pass(minutes: float) -> None:
    Attempt.objects.update(finished_at=F("finished_at") - timedelta(minutes=minutes))


def test_what_the_far_end_may_mend_is_looked_at_again(expired: Job, handle: Register) -> None:
    let_pass(14)
    assert parked.look_again() == 0
    let_pass(1.1)
    handle(done)

    assert parked.look_again() == 1

    assert parked.look_again() == 0, "it is on its way"
    assert run(expired) == "success"


def test_each_further_look_comes_after_twice_as_long(expired: Job) -> None:
    for wait in (15, 30, 60, 120, 240, 360, 360):
        let_pass(wait - 0.5)
        assert parked.look_again() == 0
        let_pass(1)
        assert parked.look_again() == 1
        assert run(expired) == "parked"
        Attempt.objects.filter(job=expired).update(finished_at=Now())


def test_what_only_a_person_can_change_is_not_looked_at_again(refused: Job) -> None:
    let_pass(100_000)

    assert parked.look_again() == 0
    refused.refresh_from_db()
    assert refused.hold == "configuration"
