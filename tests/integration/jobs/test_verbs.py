"""What people do with jobs, and that each act is on record in the same commit."""

from __future__ import annotations

import uuid

import pytest
from django.db import transaction

from sync.errors import Conflict, FatalError, NotFound, TransientError
from sync.jobs import verbs
from sync.jobs.claim import Claim
from sync.models import Attempt, AuditEntry, Job
from tests.integration.jobs.conftest import OPERATOR, Register, ask, done, run, wakeups


def refuses(claim: Claim) -> None:
    raise FatalError("No.")


@pytest.fixture
def failed(handle: Register) -> Job:
    handle(refuses)
    job = ask()
    run(job)
    handle(done)
    return job


def test_a_failed_job_runs_again_with_all_its_tries_and_its_history(failed: Job) -> None:
    again = verbs.retry(failed.pk, by=OPERATOR, reason="the shop is open")

    assert (again.status, again.attempts, again.finished_at) == ("pending", 0, None)
    assert run(failed) == "success"
    assert list(Attempt.objects.values_list("outcome", flat=True)) == ["failed", "success"]


def test_the_act_is_on_record(failed: Job) -> None:
    verbs.retry(failed.pk, by=OPERATOR, reason="the shop is open")

    entry = AuditEntry.objects.get()
    assert (entry.act, entry.object_type, entry.object_id) == ("job.retry", "job", str(failed.pk))
    assert (entry.actor, entry.door, entry.reason, entry.request_id) == (
        "olga",
        "admin",
        "the shop is open",
        "r-1",
    )
    assert entry.before == {"status": "failed", "hold": None, "attempts": 1, "error_code": "refused"}
    assert (entry.after or {})["status"] == "pending"


@pytest.mark.parametrize("act", ["retry", "cancel", "resolve"])
def test_the_act_and_its_record_commit_together(handle: Register, act: str) -> None:
    handle(refuses)
    job = ask()
    if act != "cancel":
        run(job)
    before = job.status
    deliveries = len(wakeups(job))
    note = {"remark": "settled by hand"} if act == "resolve" else {"reason": "why not"}

    with transaction.atomic():
        getattr(verbs, act)(job.pk, by=OPERATOR, **note)
        transaction.set_rollback(True)

    job.refresh_from_db()
    assert job.status == before
    assert len(wakeups(job)) == deliveries
    assert not AuditEntry.objects.exists()


def test_a_job_in_backoff_is_run_now(handle: Register) -> None:
    def not_now(claim: Claim) -> None:
        raise TransientError("later", retry_after=3600)

    handle(not_now)
    job = ask()
    run(job)

    verbs.retry(job.pk, by=OPERATOR)

    job.refresh_from_db()
    current = [row for row in wakeups(job) if row["fence"] == job.fence]
    assert [row["at"] for row in current] == [None]
    assert job.hold is None


def test_a_running_or_finished_job_cannot_be_retried(handle: Register) -> None:
    handle(done)
    job = ask()
    with pytest.raises(Conflict, match="pending"):
        verbs.retry(job.pk, by=OPERATOR)
    run(job)
    with pytest.raises(Conflict, match="success"):
        verbs.retry(job.pk, by=OPERATOR)


def test_a_failed_job_is_not_retried_beside_its_twin(handle: Register) -> None:
    handle(refuses)
    job = ask(dedup="the same")
    run(job)
    twin = ask(dedup="the same")

    with pytest.raises(Conflict, match=str(twin.pk)):
        verbs.retry(job.pk, by=OPERATOR)


def test_a_cancelled_job_has_no_wakeup_and_never_runs(handle: Register) -> None:
    handle(done)
    job = ask()

    verbs.cancel(job.pk, by=OPERATOR, reason="not needed")

    assert wakeups(job) == []
    assert run(job) == "stale"
    assert job.status == "cancelled"


def test_cancelling_a_running_job_refuses_its_next_commit(handle: Register) -> None:
    def cancelled_meanwhile(claim: Claim) -> None:
        verbs.cancel(claim.job_id, by=OPERATOR)
        claim.hold()

    handle(cancelled_meanwhile)
    job = ask()

    assert run(job) == "stale"
    assert (job.status, Attempt.objects.get().outcome) == ("cancelled", "cancelled")


def test_cancelling_makes_room(handle: Register) -> None:
    first, second = ask("sync"), ask("sync")

    verbs.cancel(first.pk, by=OPERATOR)

    second.refresh_from_db()
    assert second.hold is None


def test_an_ended_job_cannot_be_cancelled(failed: Job) -> None:
    with pytest.raises(Conflict, match="ended"):
        verbs.cancel(failed.pk, by=OPERATOR)


def test_a_failed_job_is_resolved_with_a_remark(failed: Job) -> None:
    job = verbs.resolve(failed.pk, by=OPERATOR, remark="entered by hand")

    assert (job.status, job.resolved_by, job.remark) == ("failed", "olga", "entered by hand")
    assert job.resolved_at is not None
    with pytest.raises(Conflict, match="already"):
        verbs.resolve(failed.pk, by=OPERATOR, remark="again")


def test_only_a_failed_job_is_resolved(handle: Register) -> None:
    with pytest.raises(Conflict, match="only a failed one"):
        verbs.resolve(ask("sync").pk, by=OPERATOR, remark="?")


def test_a_resolved_job_can_be_run_again(failed: Job) -> None:
    verbs.resolve(failed.pk, by=OPERATOR, remark="entered by hand")

    again = verbs.retry(failed.pk, by=OPERATOR)

    assert (again.resolved_at, again.resolved_by, again.remark) == (None, None, None)


@pytest.mark.parametrize("act", ["retry", "cancel", "resolve"])
def test_a_job_that_is_not_there_is_said_to_be_so(committed: None, act: str) -> None:
    note = {"remark": "?"} if act == "resolve" else {}

    with pytest.raises(NotFound, match="no job"):
        getattr(verbs, act)(uuid.uuid4(), by=OPERATOR, **note)
