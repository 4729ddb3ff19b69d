"""Short jobs: many in one transaction, and none of them the other's fault."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection, transaction

from sync.errors import FatalError, TransientError
from sync.jobs import group, kinds
from sync.jobs.claim import Claim
from sync.jobs.enqueue import enqueue
from sync.jobs.fetching import claim_from, take_next
from sync.jobs.going_on import go_on
from sync.jobs.kinds import SHORT, Kind
from sync.models import Attempt, Job

Short = Callable[[Callable[[Claim], object]], None]


@pytest.fixture
def short(committed: None, monkeypatch: pytest.MonkeyPatch) -> Short:
    """Let a function do the work of the short kind `quick`."""

    def register(handler: Callable[[Claim], object]) -> None:
        monkeypatch.setitem(kinds.KINDS, "quick", Kind(handler=handler, queue=SHORT))

    return register


def ask(**params: object) -> Job:
    return enqueue("quick", params=params, requested_by="test").job


def row(words: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO target_cursor (target, entity_id, seq) VALUES (%s, 1, 0)", [words])


def rows() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT target FROM target_cursor ORDER BY target")
        return [name for (name,) in cursor.fetchall()]


def this_transaction() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT txid_current()")
        (number,) = cursor.fetchone() or (0,)
    return int(number)


def test_as_many_as_fit_share_a_transaction(short: Short) -> None:
    seen: list[int] = []

    def work(claim: Claim) -> None:
        seen.append(this_transaction())
        claim.finish({"no": claim.params["no"]})

    short(work)
    for no in range(group.MOST + 3):
        ask(no=no)

    go_on(SHORT, None)

    assert len(set(seen)) == 2
    assert [job.result for job in Job.objects.order_by("id")] == [{"no": no} for no in range(group.MOST + 3)]
    assert set(Job.objects.values_list("status", "wakeup", "fence")) == {("success", None, 1)}
    assert Attempt.objects.filter(outcome="success", no=1).count() == group.MOST + 3
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs")
        assert cursor.fetchone() == (0,)


def test_one_that_fails_takes_back_only_its_own(short: Short) -> None:
    def work(claim: Claim) -> None:
        row(claim.params["name"])
        if claim.params["name"] == "bad":
            raise FatalError("It can't be done.", code="impossible")
        claim.finish({})

    short(work)
    jobs = [ask(name=name) for name in ("a", "bad", "b")]

    go_on(SHORT, None)

    assert rows() == ["a", "b"]
    states = [Job.objects.get(pk=job.pk) for job in jobs]
    assert [job.status for job in states] == ["success", "failed", "success"]
    assert states[1].error_code == "impossible"
    assert Attempt.objects.count() == 3


def test_one_that_may_do_better_later_is_tried_again(short: Short) -> None:
    def work(claim: Claim) -> None:
        raise TransientError("Not now.", code="busy")

    short(work)
    job = ask()

    go_on(SHORT, None)

    job.refresh_from_db()
    assert (job.status, job.hold, job.attempts) == ("pending", "backoff", 1)


def test_one_that_does_not_say_it_is_done_is_not(short: Short) -> None:
    short(lambda claim: row("forgotten"))
    job = ask()

    go_on(SHORT, None)

    job.refresh_from_db()
    assert (job.status, job.error_code) == ("failed", "unfinished")


def test_a_group_that_cannot_commit_is_done_one_by_one(short: Short) -> None:
    calls: list[str] = []

    def work(claim: Claim) -> None:
        name = claim.params["name"]
        row(name)
        if name == "b" and "b" not in calls:
            with connection.cursor() as cursor:
                calls.append(name)
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        claim.finish({})

    short(work)
    for name in ("a", "b", "c"):
        ask(name=name)

    go_on(SHORT, None)

    assert rows() == ["a", "b", "c"]
    assert set(Job.objects.values_list("status", "attempts", "deaths")) == {("success", 0, 0)}
    assert Attempt.objects.count() == 3


def test_one_that_died_with_its_worker_runs_alone_from_then_on(short: Short) -> None:
    seen: dict[str, int] = {}

    def work(claim: Claim) -> None:
        seen[claim.params["name"]] = this_transaction()
        claim.finish({})

    short(work)
    jobs = [ask(name=name) for name in ("a", "b", "suspect")]
    Job.objects.filter(pk=jobs[2].pk).update(deaths=1)

    go_on(SHORT, None)

    assert seen["a"] == seen["b"] != seen["suspect"]
    assert set(Job.objects.values_list("status", "deaths")) == {("success", 0)}


def test_a_claim_that_was_lost_is_left_to_who_has_it(short: Short) -> None:
    def work(claim: Claim) -> None:
        row(claim.params["name"])
        claim.finish({})

    short(work)
    lost, kept = ask(name="lost"), ask(name="kept")
    claims = [claim_from(one) for one in take_next(SHORT, None, 2)]
    Job.objects.filter(pk=lost.pk).update(fence=7)

    group.run(claims)

    assert rows() == ["kept"]
    assert Job.objects.get(pk=lost.pk).status == "processing"
    assert Job.objects.get(pk=kept.pk).status == "success"


def test_alone_too_its_work_is_in_a_transaction(short: Short) -> None:
    def work(claim: Claim) -> None:
        assert transaction.get_connection().in_atomic_block
        claim.finish({})

    short(work)
    job = ask()
    Job.objects.filter(pk=job.pk).update(deaths=2)

    go_on(SHORT, None)

    job.refresh_from_db()
    assert (job.status, job.error) == ("success", None)
