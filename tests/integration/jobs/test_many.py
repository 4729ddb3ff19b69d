"""One act on all jobs that a filter finds, and editing one."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models.functions import Now

from sync.errors import BridgeError, Conflict, FatalError
from sync.jobs import many, verbs
from sync.jobs.claim import Claim
from sync.jobs.edit import edit
from sync.jobs.selecting import Selection
from sync.models import AuditEntry, Job, JobEvent, ScopeLimit
from tests import factories
from tests.integration.jobs.conftest import OPERATOR, Register, ask, done, run, wakeups
from tests.integration.jobs.test_children import family


def refuses(claim: Claim) -> None:
    raise FatalError("No.")


@pytest.fixture
def failed(handle: Register) -> list[Job]:
    """Five that failed."""
    handle(refuses)
    jobs = [ask(params={"no": number}) for number in range(5)]
    for job in jobs:
        run(job)
    handle(done)
    return jobs


def start(act: str, *, per_second: float | None = None, **where: Any) -> Job:
    selection = Selection.of({"kind": "work", **where})
    return many.start(selection, act, by=OPERATOR, reason="known", per_second=per_second)


def test_all_that_failed_run_again_within_their_limit(failed: list[Job]) -> None:
    ScopeLimit.objects.filter(scope="entity:shop.gadgets").update(most=2)
    ok = ask()
    run(ok)

    bulk = start("retry", status="dead")
    assert run(bulk) == "success"

    bulk.refresh_from_db()
    assert bulk.result == {"counts": {"retried": 5}}
    assert [run(job) for job in failed] == ["success"] * 5
    assert JobEvent.objects.filter(name="retried", facts__reason="known").count() == 5
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.reason, (entry.after or {})["found"]) == ("jobs.retry", "known", 5)


def test_a_retry_wakes_each_once_and_leaves_alone_what_cannot(failed: list[Job]) -> None:
    waiting = ask()

    run(start("retry"))

    for job in [*failed, waiting]:
        job.refresh_from_db()
        assert [row["id"] for row in wakeups(job) if row["fence"] == job.fence] == [job.wakeup]
    assert Job.objects.get(kind="bulk").result == {"counts": {"retried": 5, "left alone: pending": 1}}


def test_of_the_same_work_one_runs_again(handle: Register) -> None:
    handle(refuses)
    jobs = []
    for _ in range(3):
        job = ask(dedup="same")
        run(job)
        jobs.append(job)

    run(start("retry"))

    assert [Job.objects.get(pk=job.pk).status for job in jobs] == ["failed", "failed", "pending"]
    assert Job.objects.get(kind="bulk").result == {
        "counts": {"left alone: the same work is under way": 2, "retried": 1}
    }


def test_all_that_wait_are_cancelled_with_their_wakeups(handle: Register) -> None:
    jobs = [ask() for _ in range(3)]

    run(start("cancel", status="unfinished"))

    assert {Job.objects.get(pk=job.pk).status for job in jobs} == {"cancelled"}
    assert sum(len(wakeups(job)) for job in jobs) == 0


def test_what_was_cancelled_before_is_not_counted_as_done(handle: Register) -> None:
    jobs = [ask() for _ in range(3)]
    verbs.cancel(jobs[0].pk, by=OPERATOR)

    run(start("cancel", kind="work"))

    assert Job.objects.get(kind="bulk").result == {"counts": {"left alone: cancelled": 1, "cancelled": 2}}


def test_resolved_ones_leave_their_lanes_to_those_behind(handle: Register) -> None:
    handle(refuses)
    first = ask(lanes=["record:1"])
    run(first)
    behind = ask(lanes=["record:1"])
    assert (first.lanes, behind.hold) == (["record:1"], "lane")

    run(start("resolve", status="dead"))

    behind.refresh_from_db()
    first.refresh_from_db()
    assert (first.resolved_by, first.remark, behind.hold) == ("olga", "known", None)


def test_children_of_what_is_cancelled_are_cancelled_too(handle: Register) -> None:
    parent, parts = family(handle)
    assert Job.objects.get(pk=parent.pk).hold == "children"

    run(many.start(Selection.of({"kind": "whole"}), "cancel", by=OPERATOR))

    assert {Job.objects.get(pk=job.pk).status for job in [parent, *parts]} == {"cancelled"}


def test_it_goes_on_where_it_stood(failed: list[Job], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "A_COMMIT", 2)
    bulk = start("retry", status="failed")
    reached = {"counts": {"retried": 2}, "after": str(failed[1].pk)}
    Job.objects.filter(pk=bulk.pk).update(result=reached)

    run(bulk)

    assert [Job.objects.get(pk=job.pk).status for job in failed] == ["failed"] * 2 + ["pending"] * 3
    assert Job.objects.get(pk=bulk.pk).result == {"counts": {"retried": 5}}


def test_what_fails_after_it_was_asked_is_not_meant(failed: list[Job]) -> None:
    bulk = start("resolve", status="failed")
    late = factories.dead_job(kind="work")

    run(bulk)

    assert Job.objects.get(pk=late.pk).resolved_at is None


def test_a_pace_is_kept(failed: list[Job]) -> None:
    bulk = start("resolve", status="dead", per_second=50)

    assert run(bulk) == "success"
    assert Job.objects.filter(resolved_at__isnull=False).count() == 5


def test_a_preview_tells_and_writes_nothing(failed: list[Job]) -> None:
    waiting = ask()

    found = many.preview(Selection.of({"kind": "work"}), "retry").told()

    assert (found["found"], found["fit"], found["refused"]) == (6, 5, {"pending": 1})
    assert found["sample"] == [str(job.pk) for job in failed]
    assert str(waiting.pk) not in found["sample"]
    Job.objects.filter(pk=failed[0].pk).update(resolved_at=Now(), resolved_by="olga")
    settled = many.preview(Selection.of({"kind": "work"}), "resolve")
    assert (settled.found, settled.fit, settled.refused) == (6, 4, {"pending": 1, "resolved": 1})
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("act", "where", "pace", "code"),
    [
        ("explode", {"kind": "sync"}, None, "unknown_act"),
        ("retry", {}, None, "filter_missing"),
        ("retry", {"kind": "nothing"}, None, "nothing_found"),
        ("retry", {"kind": "sync"}, 0, "bad_parameter"),
        ("retry", {"kind": "sync"}, float("nan"), "bad_parameter"),
    ],
)
def test_what_makes_no_sense_is_refused(
    db: None, act: str, where: dict[str, str], pace: float | None, code: str
) -> None:
    with pytest.raises(BridgeError) as raised:
        many.start(Selection.of(where), act, by=OPERATOR, per_second=pace)

    assert raised.value.code == code
    assert not Job.objects.exists()


def test_more_than_it_may_be_done_to_is_refused(failed: list[Job], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "MOST", 4)

    for refused in (start, lambda act: many.preview(Selection.of({"kind": "work"}), act)):
        with pytest.raises(BridgeError) as raised:
            refused("retry")
        assert raised.value.code == "too_many"


def test_an_edited_job_runs_anew_and_the_old_one_is_settled(db: None) -> None:
    old = factories.dead_job(params={"since": "2020-01-01T00:00:00Z"})

    made = edit(old.pk, {"full": True}, by=OPERATOR, reason="all of it")

    old.refresh_from_db()
    assert (made.kind, made.params, made.status) == ("sync", {"full": True}, "pending")
    assert (old.resolved_by, old.remark) == ("olga", "Edited and run anew. all of it")
    entry = AuditEntry.objects.get(act="job.edit")
    assert entry.before == {"params": {"since": "2020-01-01T00:00:00Z"}}
    assert (entry.after or {})["params"] == {"full": True}


@pytest.mark.parametrize(
    ("columns", "params", "code"),
    [
        ({}, {"fulll": True}, "unknown_field"),
        ({}, {"since": "soon"}, "bad_since"),
        ({}, {"since": "***"}, "bad_since"),
        ({"kind": "wake"}, {}, "not_askable"),
        ({"kind": "push"}, {"target": "nowhere"}, "not_pushed"),
        ({"status": "success"}, {"full": True}, "conflict"),
        ({"status": "processing"}, {"full": True}, "conflict"),
    ],
)
def test_an_edit_that_its_kind_refuses_changes_nothing(
    db: None, columns: dict[str, str], params: dict[str, Any], code: str
) -> None:
    old = factories.dead_job(**columns)

    with pytest.raises(BridgeError) as raised:
        edit(old.pk, params, by=OPERATOR)

    assert raised.value.code == code
    assert Job.objects.get().resolved_at is None
    assert not AuditEntry.objects.exists()


def test_one_that_waits_is_cancelled_for_its_edit(db: None) -> None:
    old = factories.job()

    edit(old.pk, {"full": True}, by=OPERATOR)

    assert Job.objects.get(pk=old.pk).status == "cancelled"
    with pytest.raises(Conflict):
        edit(old.pk, {"full": True}, by=OPERATOR)
