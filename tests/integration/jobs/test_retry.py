"""What follows an error: its kind decides, then the entity's backoff."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import OperationalError
from pytest_django import Settings

from sync.declare import Backoff, Exponential
from sync.errors import ConfigError, FatalError, TransientError
from sync.http import SHARED
from sync.jobs import verbs
from sync.jobs.claim import Claim
from sync.jobs.retry import MOST_ELSEWHERE
from sync.jobs.settle import MOST_ATTEMPTS
from sync.models import Attempt, EntityRow, Job
from sync.pipeline.runner import run_sync
from tests.integration.jobs.conftest import OPERATOR, Register, ask, done, run, wakeups


def raises(error: Exception) -> object:
    def handler(claim: Claim) -> None:
        raise error

    return handler


def waits(job: Job) -> float:
    """Seconds from the end of the last attempt to the next, without what writing it down took."""
    ended = Attempt.objects.filter(job=job).latest("no").finished_at
    assert ended is not None
    return round((job.run_after - ended).total_seconds())


DOWN = TransientError("Shop answered 500: out of order.")


def test_three_tiers_are_four_runs_then_it_is_failed_with_the_far_ends_words(handle: Register) -> None:
    handle(raises(DOWN))
    job = ask()
    waited = []
    for _ in range(3):
        assert run(job) == "retry"
        assert (job.status, job.hold) == ("pending", "backoff")
        waited.append(waits(job))

    assert run(job) == "failed"
    assert waited == [1, 10, 60]
    assert (job.status, job.attempts, job.error_code, job.error) == (
        "failed",
        4,
        "far_end_unavailable",
        "Shop answered 500: out of order.",
    )
    assert job.fingerprint
    assert list(Attempt.objects.values_list("outcome", flat=True)) == ["retry", "retry", "retry", "failed"]


def test_an_error_after_a_commit_counts_as_the_first(handle: Register) -> None:
    handle(raises(DOWN))
    job = ask()
    run(job)
    run(job)

    def gets_on(claim: Claim) -> None:
        claim.advance()
        raise DOWN

    handle(gets_on)
    for _ in range(5):
        assert run(job) == "retry"
        assert (job.attempts, waits(job)) == (1, 1)


def test_the_next_delivery_is_scheduled_for_the_moment_the_job_names(handle: Register) -> None:
    handle(raises(DOWN))
    job = ask()

    run(job)

    last = wakeups(job)[-1]
    assert (last["id"], last["at"], last["fence"]) == (job.wakeup, job.run_after, job.fence)


def test_what_the_far_end_asks_for_comes_before_the_tiers(handle: Register) -> None:
    handle(raises(TransientError("Too many requests.", code="rate_limited", retry_after=7)))
    job = ask()

    run(job)

    assert waits(job) == 7


def test_waiting_for_the_end_of_a_pause_burns_no_try(handle: Register) -> None:
    handle(raises(DOWN))
    job = ask()
    for _ in range(3):
        run(job)
    SHARED.refused("shop", 7)
    handle(run_sync)

    assert [run(job), run(job)] == ["retry", "retry"]
    assert (job.attempts, job.error_code) == (3, "rate_limited")
    assert 6 <= waits(job) <= 7


def test_without_an_entity_the_settings_decide(handle: Register, settings: Settings) -> None:
    settings.MAX_RETRIES, settings.RETRY_DELAY_SECONDS = 1, 5
    handle(raises(DOWN))
    job = ask(path=None)

    run(job)
    assert waits(job) == 5
    run(job)
    assert job.status == "failed"


def test_a_matter_of_configuration_is_parked_until_somebody_runs_it_again(handle: Register) -> None:
    handle(raises(ConfigError("The password is wrong: set SHOP_PASSWORD.", code="bad_credentials")))
    job = ask()

    assert run(job) == "parked"
    assert (job.status, job.hold, job.wakeup, job.attempts) == ("pending", "configuration", None, 0)
    handle(done)
    verbs.retry(job.pk, by=OPERATOR)
    assert run(job) == "success"


def test_an_answer_that_may_pass_is_parked_when_it_is_repeated(handle: Register) -> None:
    handle(raises(TransientError("Invalid login.", code="unauthorized", parks_if_repeated=True)))
    job = ask()

    assert [run(job), run(job)] == ["retry", "parked"]
    assert job.hold == "configuration"


def test_a_passing_answer_after_another_fault_is_tried_again(handle: Register) -> None:
    handle(raises(DOWN))
    job = ask()
    run(job)
    handle(raises(TransientError("Invalid login.", code="unauthorized", parks_if_repeated=True)))

    assert run(job) == "retry"


def test_a_refusal_fails_at_once(handle: Register) -> None:
    handle(raises(FatalError("There is no such table.", code="bad_request")))
    job = ask()

    assert run(job) == "failed"
    assert (job.attempts, job.error_code) == (1, "bad_request")


def test_a_fault_of_ours_fails_at_once_with_its_traceback(handle: Register) -> None:
    handle(raises(ZeroDivisionError("by\x00zero")))
    job = ask()

    assert run(job) == "failed"
    assert job.error_code == "unexpected_error"
    assert job.error == "ZeroDivisionError: by\ufffdzero"
    assert "test_retry.py" in (Attempt.objects.get().traceback or "")


def test_a_database_that_goes_away_burns_no_try(handle: Register) -> None:
    import psycopg

    def loses_it(claim: Claim) -> None:
        try:
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        except psycopg.OperationalError as error:
            raise OperationalError(str(error)) from error

    handle(loses_it)
    job = ask()

    assert run(job) == "retry"
    assert (job.attempts, job.error_code) == (0, "database_unavailable")


def test_failures_of_one_cause_have_one_fingerprint(handle: Register) -> None:
    jobs = []
    for number in (1, 2):
        handle(raises(FatalError(f"Row {number} of 'customers' is refused.")))
        jobs.append(ask())
        run(jobs[-1])

    assert jobs[0].fingerprint == jobs[1].fingerprint


@pytest.fixture
def gone(committed: None) -> Iterator[EntityRow]:
    row = EntityRow.objects.create(path="gone.things", system="gone", name="things")
    yield row
    Job.objects.all().delete()
    row.delete()


def test_work_that_this_code_does_not_know_is_left_to_other_code(handle: Register, gone: EntityRow) -> None:
    job = ask(path=None)
    Job.objects.update(entity_id=gone.pk)
    waited = []
    for _ in range(5):
        assert run(job) == "retry"
        waited.append(waits(job))

    assert waited == [5, 10, 20, 30, 30]
    assert (job.attempts, job.error_code) == (0, "unknown_entity")
    Job.objects.update(entity_id=None)
    assert run(job) == "success", "a worker with the other code"


def test_a_job_whose_system_was_taken_out_is_parked_in_the_end(handle: Register, gone: EntityRow) -> None:
    job = ask(path=None)
    Job.objects.update(entity_id=gone.pk)
    outcomes = [run(job) for _ in range(MOST_ELSEWHERE + 1)]

    assert outcomes == ["retry"] * MOST_ELSEWHERE + ["parked"]
    assert (job.hold, job.error_code) == ("configuration", "unknown_entity")


def test_a_kind_of_newer_code_is_not_failed_by_a_worker_that_has_it_not(handle: Register) -> None:
    job = ask()
    Job.objects.update(kind="of_tomorrow")

    assert run(job) == "retry"

    assert (job.status, job.hold, job.attempts, job.error_code) == ("pending", "backoff", 0, "unknown_kind")


def test_a_policy_of_the_work_itself_comes_before_its_entitys(handle: Register) -> None:
    def fails(claim: Claim) -> None:
        claim.live.retry = Backoff(7)
        raise DOWN

    handle(fails)
    job = ask()

    assert (run(job), waits(job)) == ("retry", 7)
    assert run(job) == "failed"


def test_full_jitter_spreads_waits_up_to_a_bound_that_doubles_to_the_cap() -> None:
    policy = Exponential(base=2, cap=10, tries=4)
    for burned, bound in enumerate([2, 4, 8, 10]):
        drawn = [policy.delay(burned) or 0.0 for _ in range(200)]
        assert 0 <= min(drawn) < bound / 4 < 3 * bound / 4 < max(drawn) <= bound

    assert policy.delay(4) is None
    assert Exponential(tries=10_000).delay(9_999) is not None


@pytest.mark.parametrize("error", [DOWN, FatalError("No.")])
def test_each_end_is_told_in_the_log(handle: Register, error: Exception) -> None:
    handle(raises(error))
    job = ask()

    outcome = run(job)

    event = job.events.get()
    assert event.name == outcome
    assert event.facts["message"] == str(error)


def test_a_job_that_is_put_off_for_ever_fails_before_its_attempts_have_no_number(handle: Register) -> None:
    handle(raises(TransientError("Its turn never comes.", not_asked=True)))
    job = ask()
    run(job)
    Attempt.objects.filter(job=job).update(no=MOST_ATTEMPTS - 1)

    assert run(job) == "failed"

    assert (job.status, job.error_code) == ("failed", "far_end_unavailable")
    assert job.error is not None
    assert job.error.startswith("Its turn never comes. After 30000 attempts")
