"""A job asks for others and goes on when all have ended."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from sync.errors import Conflict, FatalError, StaleAttempt
from sync.events import words
from sync.jobs import children, reaper, verbs
from sync.jobs import together as together_acts
from sync.jobs.ask import Ask
from sync.jobs.claim import Claim
from sync.jobs.tree import lines, tree
from sync.models import AuditEntry, Job
from tests.integration.jobs.conftest import OPERATOR, Register, ask, done, run, together, wakeups
from tests.integration.jobs.queue_by_hand import work_until_empty


def parent_of(number: int, **options: Any) -> Any:
    """A handler that asks for so many jobs at first, and then ends with how they ended."""

    def handler(claim: Claim) -> None:
        if "joined" in claim.params:
            claim.finish(claim.params["joined"] | {"note": claim.params["note"]})
            return
        asks = [Ask(kind="part", params={"no": no}, requested_by="test", **options) for no in range(number)]
        children.fan_out(claim, asks, then={"note": "all in"})

    return handler


def fails(claim: Claim) -> None:
    raise FatalError("This part is refused.")


def family(handle: Register, number: int = 2, **options: Any) -> tuple[Job, list[Job]]:
    handle(done, "part")
    handle(parent_of(number, **options), "whole")
    parent = ask("whole")
    assert run(parent) == "success"
    return parent, list(Job.objects.filter(parent_id=parent.pk).order_by("id"))


def again(job: Job) -> Job:
    job.refresh_from_db()
    return job


def test_the_parent_goes_on_when_all_have_ended(handle: Register) -> None:
    parent, (one, two) = family(handle)
    assert (again(parent).status, parent.hold, parent.wakeup, parent.worker is None) == (
        "pending",
        "children",
        None,
        False,
    )

    run(one)
    assert again(parent).hold == "children"
    run(two)
    assert (again(parent).hold, parent.wakeup) == (None, wakeups(parent)[-1]["id"])
    assert run(parent) == "success"

    assert parent.result == {"success": 2, "failed": 0, "resolved": 0, "cancelled": 0, "note": "all in"}
    assert list(parent.runs.values_list("outcome", flat=True)) == ["fanned_out", "success"]
    assert [event.name for event in parent.events.order_by("id")] == ["fanned_out", "joined"]


def test_one_without_children_goes_on_at_once(handle: Register) -> None:
    parent, _ = family(handle, 0)

    assert run(parent) == "success"
    assert parent.result is not None
    assert parent.result["success"] == 0


def test_a_failed_child_fails_the_parent_until_both_are_retried(handle: Register) -> None:
    parent, (one, two) = family(handle)
    handle(fails, "part")
    run(one)
    handle(done, "part")
    run(two)
    assert (again(parent).status, parent.error_code) == ("failed", "children_failed")
    assert parent.error == "1 of its 2 children failed: retry or resolve them, then retry this job."

    with pytest.raises(Conflict, match="retry or resolve them first"):
        verbs.retry(parent.pk, by=OPERATOR)
    verbs.retry(one.pk, by=OPERATOR)
    verbs.retry(parent.pk, by=OPERATOR)
    assert again(parent).hold == "children"
    run(one)

    assert run(parent) == "success"


def test_a_resolved_child_counts_as_ended(handle: Register) -> None:
    parent, (one, two) = family(handle)
    handle(fails, "part")
    run(one)
    verbs.resolve(one.pk, by=OPERATOR, remark="not needed")
    handle(done, "part")
    run(two)

    assert run(parent) == "success"
    assert parent.result is not None
    assert (parent.result["success"], parent.result["resolved"]) == (1, 1)


def test_cancelling_the_parent_cancels_what_it_waits_for(handle: Register) -> None:
    parent, (one, two) = family(handle)
    run(one)

    verbs.cancel(parent.pk, by=OPERATOR)

    assert (again(parent).status, again(one).status, again(two).status) == (
        "cancelled",
        "success",
        "cancelled",
    )


def test_cancelling_a_parent_is_one_act_whatever_the_number_of_its_children(handle: Register) -> None:
    few, _ = family(handle, 2)
    many, parts = family(handle, 20)
    run(parts[0])

    with CaptureQueriesContext(connection) as of_few:
        verbs.cancel(few.pk, by=OPERATOR)
    with CaptureQueriesContext(connection) as of_many:
        verbs.cancel(many.pk, by=OPERATOR, reason="too many")

    assert len(of_few) == len(of_many)
    entry = AuditEntry.objects.get(object_id=str(many.pk))
    assert (entry.after or {})["children"] == 19
    assert AuditEntry.objects.count() == 2
    assert again(parts[0]).status == "success"
    assert {again(part).status for part in parts[1:]} == {"cancelled"}
    assert [words(event) for event in parts[1].events.all()] == ["Cancelled by olga. too many"]


def test_what_somebody_runs_again_below_a_failed_parent_is_left_alone(handle: Register) -> None:
    parent, (one, two) = family(handle)
    handle(fails, "part")
    run(one)
    run(two)
    assert again(parent).status == "failed"
    verbs.retry(one.pk, by=OPERATOR)

    with transaction.atomic():
        counted = together_acts.cancel([parent.pk], together_acts.Told(by="olga"))

    assert counted == {"left alone: failed": 1}
    assert again(one).status == "pending"


def test_cancelling_many_cancels_what_they_wait_for(handle: Register) -> None:
    parent, parts = family(handle)

    with transaction.atomic():
        counted = together_acts.cancel([parent.pk], together_acts.Told(by="olga"))

    assert counted == {"cancelled": 3}
    assert {again(job).status for job in (parent, *parts)} == {"cancelled"}


def test_one_that_failed_by_its_children_is_left_out_of_a_retry_of_many(handle: Register) -> None:
    parent, parts = family(handle)
    handle(fails, "part")
    for part in parts:
        run(part)

    with transaction.atomic():
        counted = together_acts.retry(
            [parent.pk, *(part.pk for part in parts)], together_acts.Told(by="olga")
        )

    assert counted == {"retried": 2, "left alone: failed": 1}


def test_cancelling_reaches_the_children_of_children(handle: Register) -> None:
    def grows(claim: Claim) -> None:
        children.fan_out(claim, [Ask(kind="grows", requested_by="test")])

    handle(grows, "grows")
    root = ask("grows")
    run(root)
    middle = Job.objects.get(parent_id=root.pk)
    run(middle)
    leaf = Job.objects.get(parent_id=middle.pk)

    verbs.cancel(root.pk, by=OPERATOR)

    assert {again(job).status for job in (root, middle, leaf)} == {"cancelled"}


def test_a_parent_keeps_its_lane_and_its_children_leave_it_out(handle: Register) -> None:
    handle(done, "part")
    handle(parent_of(1, lanes=["order:1", "order:2"]), "whole")
    parent, behind = ask("whole", lanes=["order:1"]), ask("whole", lanes=["order:1"])
    run(parent)
    child = Job.objects.get(parent_id=parent.pk)

    assert (child.lanes, child.hold, again(behind).hold) == (["order:2"], None, "lane")
    run(child)
    assert run(parent) == "success"
    assert again(behind).hold is None


def test_children_have_children(handle: Register) -> None:
    def grows(claim: Claim) -> None:
        deep = claim.params["deep"]
        if "joined" in claim.params or not deep:
            claim.finish({"deep": deep})
            return
        asks = [Ask(kind="grows", params={"deep": deep - 1}, requested_by="test") for _ in range(2)]
        children.fan_out(claim, asks)

    handle(grows, "grows")
    root = ask("grows", params={"deep": 2})

    together(4, lambda _: work_until_empty(7))

    assert again(root).result == {"deep": 2}
    leaf = Job.objects.filter(params__deep=0).latest("id")
    found = tree(leaf.pk)
    assert found is not None
    assert (found.root.job.pk, found.more) == (root.pk, False)
    assert [depth for depth, _ in lines(found.root)] == [0, 1, 2, 2, 1, 2, 2]


def test_a_parent_whose_last_child_died_in_the_midst_of_it_is_swept_up(handle: Register) -> None:
    parent, (one, two) = family(handle)
    Job.objects.filter(pk__in=[one.pk, two.pk]).update(status="success", wakeup=None)

    reaper.sweep()

    assert again(parent).hold is None


def test_a_stale_attempt_asks_for_nothing(handle: Register) -> None:
    def loses(claim: Claim) -> None:
        Job.objects.filter(pk=claim.job_id).update(fence=claim.fence + 1)
        with pytest.raises(StaleAttempt):
            children.fan_out(claim, [Ask(kind="part", requested_by="test")])
        raise StaleAttempt("gone")

    handle(loses, "whole")
    handle(done, "part")

    assert run(ask("whole")) == "stale"
    assert not Job.objects.filter(kind="part").exists()


def test_a_child_that_could_be_anothers_is_refused(handle: Register) -> None:
    handle(parent_of(1, dedup="same"), "whole")
    handle(done, "part")
    job = ask("whole")

    assert run(job) == "failed"
    assert job.error_code == "bad_children"
