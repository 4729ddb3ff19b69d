"""One attempt: claimed once, ended once, whatever the handler does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from sync.errors import StaleAttempt
from sync.jobs import verbs
from sync.jobs.claim import Claim, Interrupted
from sync.jobs.lease import leases
from sync.jobs.run import run_job
from sync.jobs.take import take
from sync.models import Attempt, AuditEntry, EntityRow, Job
from tests.integration.jobs.conftest import OPERATOR, Register, ask, done, run, wakeups


def waits() -> tuple[float, float]:
    """How many waits were observed, and their seconds together."""
    found = [REGISTRY.get_sample_value(f"bridge_job_wait_seconds_{of}", labels={}) for of in ("count", "sum")]
    return found[0] or 0, found[1] or 0


def test_it_ends_in_success_with_its_result(handle: Register) -> None:
    handle(done)
    job = ask(path="shop.gadgets", params={"full": True})

    outcome = run(job)

    assert outcome == "success"
    assert (job.status, job.result, job.wakeup, job.attempts) == ("success", {"done": True}, None, 0)
    attempt = Attempt.objects.get(job=job)
    assert (attempt.no, attempt.outcome, attempt.fence) == (1, "success", 1)
    assert attempt.finished_at is not None
    assert attempt.finished_at >= attempt.started_at


def test_the_handler_sees_what_it_was_asked(handle: Register) -> None:
    seen: list[Claim] = []

    def look(claim: Claim) -> None:
        seen.append(claim)
        claim.finish({})

    handle(look)
    run(ask(params={"since": "2026-01-01"}))

    assert seen[0].entity is not None
    assert (seen[0].entity.path, seen[0].params, seen[0].attempt) == (
        "shop.gadgets",
        {"since": "2026-01-01"},
        1,
    )


def test_a_run_notes_how_long_its_job_waited(handle: Register) -> None:
    handle(done)
    job = ask()
    Job.objects.filter(pk=job.pk).update(run_after=timezone.now() - timedelta(days=40))
    (number, seconds) = waits()

    run(job)

    assert waits()[0] == number + 1
    assert waits()[1] - seconds >= timedelta(days=40).total_seconds()


def test_a_doubled_delivery_does_nothing(handle: Register) -> None:
    handle(done)
    job = ask()
    run(job)

    again = [run_job(job.pk, 0), run_job(job.pk, job.fence)]

    assert again == ["stale", "stale"]
    assert Attempt.objects.count() == 1


def test_of_two_deliveries_at_once_one_claims(handle: Register) -> None:
    handle(done)
    job = ask()

    claims = [take(job.pk, 0, "one"), take(job.pk, 0, "two")]

    assert [claim is None for claim in claims] == [False, True]


def test_a_delivery_of_a_job_that_is_gone_does_nothing_and_says_so(handle: Register) -> None:
    handle(done)
    job = ask()
    Job.objects.all().delete()

    with capture_logs() as told:
        assert run_job(job.pk, 0) == "stale"

    assert [(line["event"], line["job_id"]) for line in told] == [("delivery_without_job", str(job.pk))]


def test_an_outdated_attempt_commits_nothing(handle: Register) -> None:
    def overtaken(claim: Claim) -> None:
        verbs.cancel(claim.job_id, by=OPERATOR)
        with transaction.atomic():
            EntityRow.objects.filter(path="shop.parts").update(name="written by a zombie")
            claim.hold()

    handle(overtaken)
    job = ask()

    assert run(job) == "stale"
    assert not EntityRow.objects.filter(name="written by a zombie").exists()
    assert job.status == "cancelled"


def test_an_outdated_attempt_cannot_finish(handle: Register) -> None:
    def overtaken(claim: Claim) -> None:
        verbs.cancel(claim.job_id, by=OPERATOR)
        with pytest.raises(StaleAttempt):
            claim.finish({})
        raise StaleAttempt("stop")

    handle(overtaken)
    job = ask()

    run(job)
    assert (job.status, job.result) == ("cancelled", None)


def test_success_and_data_commit_together(handle: Register) -> None:
    def breaks_after_finishing(claim: Claim) -> None:
        with transaction.atomic():
            claim.finish({})
            raise ValueError("the data could not be written")

    handle(breaks_after_finishing)
    job = ask()

    run(job)
    assert (job.status, job.error_code) == ("failed", "unexpected_error")


def test_a_handler_that_forgets_to_finish_fails(handle: Register) -> None:
    handle(lambda claim: None)
    job = ask()

    run(job)
    assert (job.status, job.error_code) == ("failed", "unfinished")


def test_an_interrupted_job_goes_back_at_once_without_a_try_burned(handle: Register) -> None:
    def stops(claim: Claim) -> None:
        raise Interrupted

    handle(stops)
    job = ask()

    assert run(job) == "interrupted"
    assert (job.status, job.attempts, job.hold) == ("pending", 0, None)
    assert wakeups(job)[-1]["fence"] == job.fence
    handle(done)
    assert run(job) == "success"
    assert list(Attempt.objects.values_list("no", "outcome")) == [(1, "interrupted"), (2, "success")]


def test_a_request_undone_by_the_handler_leaves_nothing(handle: Register) -> None:
    def asks_in_vain(claim: Claim) -> None:
        with transaction.atomic():
            ask("wake")
            transaction.set_rollback(True)
        claim.finish({})

    handle(asks_in_vain)
    run(ask())

    assert not Job.objects.filter(kind="wake").exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE queue_name = 'system'")
        assert cursor.fetchone() == (0,)


def test_progress_is_one_row_an_attempt(handle: Register) -> None:
    def tells(claim: Claim) -> None:
        claim.progress(rows=1)
        claim.live.noted = 0
        claim.progress(rows=2)
        claim.progress(rows=3)
        claim.finish({})

    handle(tells)
    job = ask()

    run(job)
    assert [event.facts for event in job.events.filter(name="progress")] == [{"rows": 2}]


@pytest.fixture
def draining() -> Iterator[None]:
    leases.drain()
    yield
    leases._closed = leases._draining = False


def test_work_that_begins_while_the_worker_stops_is_asked_to_stop(handle: Register, draining: None) -> None:
    def looks(claim: Claim) -> None:
        if claim.stopping.is_set():
            raise Interrupted

    handle(looks)
    job = ask()

    assert run(job) == "interrupted"
    assert not AuditEntry.objects.exists()
