"""Groups of failures: seen, counted, acted on together, closed and opened again by themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sync import bulk, error_groups, failures, grouping, records
from sync.audit import Actor
from sync.errors import Conflict, FatalError, InvalidRequest, NotFound
from sync.ids import uuid7
from sync.jobs import verbs
from sync.jobs.enqueue import enqueue
from sync.jobs.settle import settle
from sync.jobs.take import take
from sync.members import Members
from sync.models import AuditEntry, ErrorGroup, FailedRecord, Job
from sync.registry import registry
from tests import factories
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, run_again, sync

GADGETS = "shop.gadgets"
OPERATOR = Actor(name="olga", door="admin")
State = ErrorGroup.State


def only() -> ErrorGroup:
    return ErrorGroup.objects.get()


def members() -> int:
    return error_groups.counts([only()])[only().pk]


def test_failures_of_one_cause_are_one_group(far_end: FarEnd) -> None:
    far_end.set("gadgets", *(gadget(number, price=f"many{number}") for number in range(5)))

    sync(GADGETS)

    assert (only().code, only().field, only().state) == ("unreadable_number", "price", State.OPEN)
    assert members() == 5


def test_another_cause_is_another_group(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, price="many"), gadget(2, name="x" * 41))

    sync(GADGETS)

    assert {group.code for group in ErrorGroup.objects.all()} == {"unreadable_number", "too_long"}


def test_it_closes_with_its_last_member(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, price="many"), gadget(2, price="few"))
    sync(GADGETS)
    far_end.set("gadgets", gadget(1, price="1"), gadget(2, price="few"))
    sync(GADGETS)
    assert only().state == State.OPEN

    far_end.set("gadgets", gadget(1, price="1"), gadget(2, price="2"))
    sync(GADGETS)

    assert only().state == State.CLOSED
    assert only().closed_at


@pytest.mark.parametrize("before", [State.CLOSED, State.RESOLVED])
def test_it_opens_again_for_a_new_member(far_end: FarEnd, before: State) -> None:
    far_end.set("gadgets", gadget(1, price="many"))
    sync(GADGETS)
    mapping = factories.mapping(no=3)
    ErrorGroup.objects.update(state=before, fixed_in=mapping)
    far_end.set("gadgets", gadget(1, price="many"), gadget(2, price="few"))

    sync(GADGETS)

    assert (only().state, only().reopened, only().fixed_in) == (State.OPEN, 1, mapping)
    assert only().closed_at is None


def test_an_acknowledged_one_stays_acknowledged(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, price="many"))
    sync(GADGETS)
    error_groups.change(only().pk, {"owner": "olga"}, by=OPERATOR)

    sync(GADGETS)

    assert (only().state, only().owner) == (State.ACKNOWLEDGED, "olga")


def test_a_group_is_retried_and_closes_by_itself(far_end: FarEnd) -> None:
    far_end.set("gadgets", *(gadget(number, price="many") for number in range(3)))
    sync(GADGETS)
    for failed in FailedRecord.objects.all():
        failures.mend(failed.id, {"price": "5"}, by=OPERATOR)

    (job,) = error_groups.retry(only().pk, by=OPERATOR)
    done = run_again(job)

    assert only().state == State.CLOSED
    assert done.result
    assert (done.result["rows_fetched"], done.result["inserted"]) == (3, 3)
    assert {failed.state for failed in FailedRecord.objects.all()} == {FailedRecord.State.FIXED}
    assert AuditEntry.objects.get(act="failed_records.retry").actor == "olga"


def test_a_retry_that_does_not_help_moves_them_to_their_new_group(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, price="many", name="x" * 41))
    sync(GADGETS)
    failures.mend(FailedRecord.objects.get().id, {"price": "5"}, by=OPERATOR)

    run_again(error_groups.retry(only().pk, by=OPERATOR)[0])

    states = dict(ErrorGroup.objects.values_list("code", "state"))
    assert states == {"unreadable_number": State.CLOSED, "too_long": State.OPEN}


def test_a_group_is_discarded(far_end: FarEnd) -> None:
    far_end.set("gadgets", *(gadget(number, price="many") for number in range(3)))
    sync(GADGETS)

    assert error_groups.discard(only().pk, by=OPERATOR, reason="test rows") == 3

    assert only().state == State.CLOSED
    assert {failed.remark for failed in FailedRecord.objects.all()} == {"test rows"}


def test_a_filter_takes_what_it_finds(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, price="many"), gadget(2, name="x" * 41))
    sync(GADGETS)

    assert bulk.discard(Members.of_filter({"entity": "gadgets", "message": "40 ARE"}), by=OPERATOR) == 1

    assert FailedRecord.objects.get(state=FailedRecord.State.OPEN).code == "unreadable_number"


@pytest.mark.usefixtures("db")
def test_a_filter_must_filter() -> None:
    with pytest.raises(InvalidRequest, match="which failed records"):
        Members.of_filter({"entity": "", "code": None})


def test_a_swept_group_is_closed(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, price="many"))
    sync(GADGETS)
    far_end.set("gadgets", gadget(1, price="1", name="x" * 41))
    sync(GADGETS)

    grouping.sweep()

    states = dict(ErrorGroup.objects.values_list("code", "state"))
    assert states == {"unreadable_number": State.CLOSED, "too_long": State.OPEN}


def dead() -> Job:
    job = enqueue("sync", entity=registry.find(GADGETS), requested_by="test").job
    claim = take(job.id, job.fence, "test")
    assert claim
    settle(claim, FatalError("Page 7 has no end.", code="no_last_page"))
    job.refresh_from_db()
    return job


@pytest.mark.usefixtures("committed")
def test_failed_jobs_have_groups_too() -> None:
    first = dead()
    verbs.resolve(first.pk, by=OPERATOR, remark="looked at")
    assert (only().kind, only().state) == (ErrorGroup.Kind.JOB, State.CLOSED)

    second = dead()

    assert second.fingerprint == first.fingerprint == only().fingerprint
    assert (only().state, members()) == (State.OPEN, 1)


@pytest.mark.usefixtures("committed")
def test_the_jobs_of_a_group_are_run_again() -> None:
    job = dead()

    assert [each.pk for each in error_groups.retry(only().pk, by=OPERATOR)] == [job.pk]

    job.refresh_from_db()
    assert (job.status, only().state) == (Job.Status.PENDING, State.CLOSED)


@pytest.mark.usefixtures("committed")
def test_the_jobs_of_a_group_are_resolved() -> None:
    job = dead()

    assert error_groups.discard(only().pk, by=OPERATOR, reason="the far end is gone") == 1

    job.refresh_from_db()
    assert (job.remark, only().state) == ("the far end is gone", State.CLOSED)


@pytest.mark.usefixtures("committed")
def test_what_people_say_of_a_group_is_kept() -> None:
    group, mapping = factories.error_group(), factories.mapping(no=3)
    until = factories.now() + timedelta(days=1)

    error_groups.change(group.pk, {"fixed_in": 3, "remark": "soon", "snoozed_until": until}, by=OPERATOR)

    told = only()
    assert (told.state, told.fixed_in, told.remark, told.snoozed_until) == (
        "resolved",
        mapping,
        "soon",
        until,
    )
    entry = AuditEntry.objects.get()
    assert (entry.act, (entry.after or {})["fixed_in"]) == ("error_group.change", 3)


@pytest.mark.usefixtures("committed")
def test_nobody_opens_or_closes_a_group_by_hand() -> None:
    group = factories.error_group()
    closed = factories.error_group(state=State.CLOSED)

    with pytest.raises(InvalidRequest):
        error_groups.change(group.pk, {"state": "closed"}, by=OPERATOR)
    with pytest.raises(Conflict):
        error_groups.change(closed.pk, {"state": "open"}, by=OPERATOR)
    with pytest.raises(Conflict):
        error_groups.retry(closed.pk, by=OPERATOR)
    with pytest.raises(NotFound):
        error_groups.change(uuid7(), {"owner": "olga"}, by=OPERATOR)


def test_every_row_says_where_it_stands_after_a_replay(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, price="many", maker=9), gadget(2, price="many"))
    sync(GADGETS)
    for failed in FailedRecord.objects.all():
        failures.mend(failed.id, {"price": "5"}, by=OPERATOR)

    run_again(error_groups.retry(only().pk, by=OPERATOR)[0])

    remarks = set(FailedRecord.objects.values_list("state", "remark"))
    assert remarks == {("fixed", "waits for its parent"), ("fixed", None)}
    assert records.read(registry.find(GADGETS), {"id": "2"})
