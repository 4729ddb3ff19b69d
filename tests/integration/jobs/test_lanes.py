"""Jobs of one lane run one after another, in the order of asking; one that is stuck stops its own lane only."""

from __future__ import annotations

import threading
import time
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from sync import declare
from sync.errors import FatalError, TransientError
from sync.ids import uuid7
from sync.jobs import lane_names, lanes, reaper, verbs
from sync.jobs.ask import Ask
from sync.jobs.claim import Claim
from sync.jobs.enqueue import enqueue_many
from sync.models import Job, ScopeLimit
from tests.integration.jobs.conftest import (
    GADGETS,
    OPERATOR,
    Register,
    ask,
    done,
    entity,
    run,
    together,
    wakeups,
)
from tests.integration.jobs.queue_by_hand import work_until_empty


def fails(claim: Claim) -> None:
    raise FatalError("no")


def later(claim: Claim) -> None:
    raise TransientError("not now")


def standing() -> list[tuple[str, uuid.UUID]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT lane, job_id FROM job_lane ORDER BY lane, job_id")
        return [(lane, job_id) for lane, job_id in cursor.fetchall()]


def holds(*jobs: Job) -> list[str | None]:
    for job in jobs:
        job.refresh_from_db()
    return [job.hold for job in jobs]


def test_the_second_of_a_lane_waits_without_a_wakeup_until_the_first_has_ended(handle: Register) -> None:
    first, second, other = ask(lanes=["order:1"]), ask(lanes=["order:1"]), ask(lanes=["order:2"])
    assert holds(first, second, other) == [None, "lane", None]
    assert wakeups(second) == []

    assert run(first) == "success"

    assert holds(second) == [None]
    assert len(wakeups(second)) == 1
    assert standing() == [("order:1", second.pk), ("order:2", other.pk)]


def test_priority_does_not_overtake_in_a_lane(handle: Register) -> None:
    first, second, third = (ask(lanes=["order:1"], priority=number) for number in (0, 10, 30))

    run(first)

    assert holds(second, third) == [None, "lane"]


def test_a_job_in_backoff_stops_its_lane_and_gives_its_place_in_the_limit(handle: Register) -> None:
    handle(later, "sync")
    stuck, behind, beside = ask("sync", lanes=["order:1"]), ask("sync", lanes=["order:1"]), ask("sync")

    run(stuck)

    assert holds(stuck, behind, beside) == ["backoff", "lane", None]


def test_a_dead_job_stops_its_lane_until_it_is_resolved(handle: Register) -> None:
    handle(fails)
    dead, behind = ask(lanes=["order:1"]), ask(lanes=["order:1"])
    assert run(dead) == "failed"
    assert holds(behind) == ["lane"]

    verbs.resolve(dead.pk, by=OPERATOR, remark="told the customer")

    assert holds(behind) == [None]
    assert standing() == [("order:1", behind.pk)]


def test_a_dead_job_that_is_retried_keeps_its_place(handle: Register) -> None:
    handle(fails)
    dead, behind = ask(lanes=["order:1"]), ask(lanes=["order:1"])
    run(dead)
    handle(done)

    verbs.retry(dead.pk, by=OPERATOR)

    assert holds(dead, behind) == [None, "lane"]
    assert (run(dead), run(behind)) == ("success", "success")
    assert standing() == []


def test_a_resolved_job_that_is_retried_waits_for_what_is_under_way_and_goes_next(handle: Register) -> None:
    handle(fails)
    dead, second, third = (ask(lanes=["order:1"]) for _ in range(3))
    run(dead)
    handle(done)
    verbs.resolve(dead.pk, by=OPERATOR, remark="no more")

    verbs.retry(dead.pk, by=OPERATOR)
    assert holds(dead, second, third) == ["lane", None, "lane"]

    run(second)
    assert holds(dead, third) == [None, "lane"]


def test_a_cancelled_job_leaves_its_lane(handle: Register) -> None:
    first, second = ask(lanes=["order:1"]), ask(lanes=["order:1"])

    verbs.cancel(first.pk, by=OPERATOR)

    assert holds(second) == [None]


def test_a_job_of_two_lanes_waits_for_both(handle: Register) -> None:
    one, two, both = ask(lanes=["a"]), ask(lanes=["b"]), ask(lanes=["b", "a"])
    behind = ask(lanes=["a"])

    run(one)
    assert holds(both, behind) == ["lane", "lane"]
    run(two)
    assert holds(both, behind) == [None, "lane"]


def test_a_job_that_waits_for_its_time_keeps_its_place_in_the_lane(handle: Register) -> None:
    early = ask(lanes=["order:1"], run_after=timezone.now() + timedelta(hours=1))
    behind = ask(lanes=["order:1"])
    assert holds(early, behind) == ["backoff", "lane"]

    assert (run(early), run(behind)) == ("success", "success")


def test_the_limit_counts_lanes_too_and_lets_others_pass(handle: Register) -> None:
    handle(done, "sync")
    first, second = ask("sync", lanes=["order:1"]), ask("sync", lanes=["order:1"])
    third = ask("sync", lanes=["order:2"])
    assert holds(first, second, third) == [None, "lane", "limit"]

    run(first)

    # Handed over first by its lane; the limit has no more than this one place.
    assert holds(second, third) == [None, "limit"]


def test_a_full_entity_does_not_stop_others_of_its_system(handle: Register) -> None:
    handle(done, "sync")
    ScopeLimit.objects.filter(scope="system:shop").update(most=2)
    gadget, other = ask("sync"), ask(scopes=["system:shop"])
    waiting, passing = ask("sync"), ask(scopes=["system:shop"])
    assert holds(gadget, other, waiting, passing) == [None, None, "limit", "limit"]

    run(other)

    assert holds(waiting, passing) == ["limit", None]


def test_ids_rise_in_a_lane_whatever_the_clock_says() -> None:
    ahead = uuid.UUID(int=uuid7().int + (3_600_000 << 80))

    following = uuid7(after=ahead)

    assert ahead < following
    assert uuid7() < ahead, "the process keeps its own clock"


def test_a_hand_over_of_a_lane_that_was_left_out_is_made_up_for(handle: Register) -> None:
    first, second = ask(lanes=["order:1"]), ask(lanes=["order:1"])
    Job.objects.filter(pk=first.pk).update(status="success", wakeup=None)
    lanes.leave(first.pk)

    reaper.sweep()

    assert holds(second) == [None]


def test_many_are_asked_for_at_once_in_their_order(handle: Register) -> None:
    asks = [
        Ask(kind="work", requested_by="test", lanes=[f"order:{number % 2}"], dedup=dedup)
        for number, dedup in enumerate(["a", None, "b", "a", None])
    ]

    found = enqueue_many(asks)

    assert [one.created for one in found] == [True, True, True, False, True]
    assert found[3].job == found[0].job
    assert holds(*(one.job for one in found)) == [None, None, "lane", None, "lane"]
    assert [len(wakeups(one.job)) for one in found] == [1, 1, 0, 1, 0]
    assert [one.created for one in enqueue_many(asks[:3])] == [False, True, False]


def test_asking_for_many_counts_each_against_the_limit(handle: Register) -> None:
    found = enqueue_many([Ask(kind="sync", entity=entity(), requested_by="test") for _ in range(3)])

    assert holds(*(one.job for one in found)) == [None, "limit", "limit"]


def test_asking_for_nothing_is_nothing(committed: None) -> None:
    assert enqueue_many([]) == []


def test_lanes_keep_their_order_under_threads(handle: Register) -> None:
    ran: list[tuple[str, int]] = []
    under_way: set[str] = set()
    lock = threading.Lock()

    def notes(claim: Claim) -> None:
        lane = claim.lanes[0]
        with lock:
            assert lane not in under_way
            under_way.add(lane)
            ran.append((lane, claim.params["no"]))
        time.sleep(0.002)
        with lock:
            under_way.discard(lane)
        claim.finish({})

    handle(notes)
    numbers = {f"order:{lane}": iter(range(10)) for lane in range(4)}

    def asks(index: int) -> None:
        lane = f"order:{index}"
        for number in numbers[lane]:
            ask(lanes=[lane], params={"no": number})

    together(8, lambda index: asks(index) if index < 4 else work_until_empty(40))

    assert sorted(ran) == sorted((lane, number) for lane in numbers for number in range(10))
    for lane in numbers:
        assert [number for name, number in ran if name == lane] == list(range(10))
    assert standing() == []


def test_a_rolled_back_wish_stands_in_no_lane(handle: Register) -> None:
    with transaction.atomic():
        ask(lanes=["order:1"])
        transaction.set_rollback(True)

    assert ask(lanes=["order:1"]).hold is None


@pytest.mark.parametrize(
    ("declared", "values", "expected"),
    [
        (declare.Business("order"), {"order": 4711}, ["shop.order:4711"]),
        (declare.Business("no", name="order"), {"no": "A 1"}, ["shop.order:A 1"]),
        (declare.Business("order"), {"order": None}, []),
        (declare.Record(), {}, []),
        ((declare.Business("a"), declare.Business("b")), {"a": 1, "b": 2}, ["shop.a:1", "shop.b:2"]),
    ],
)
def test_lanes_are_named_by_values(
    committed: None, declared: Any, values: dict[str, Any], expected: list[str]
) -> None:
    assert lane_names.names(declared, "shop", values, entity()) == expected


def test_a_command_finds_the_lane_of_a_record_by_other_names(committed: None) -> None:
    (own,) = lane_names.names(declare.Record(), "shop", {"id": "7"}, entity())
    (found,) = lane_names.names(declare.Record("gadgets", by={"id": "gadget"}), "shop", {"gadget": 7})

    assert own == found
    assert own.startswith(f"record:{GADGETS}:")
