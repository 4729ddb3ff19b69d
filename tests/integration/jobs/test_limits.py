"""No more jobs of an entity at once than it allows; who makes room hands over."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from sync.errors import Conflict, TransientError
from sync.jobs import limits, reaper, verbs
from sync.jobs.claim import Claim
from sync.jobs.run import run_job
from sync.models import AuditEntry, Job, ScopeLimit
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

SCOPE = f"entity:{GADGETS}"


@pytest.fixture
def three_at_once(committed: None) -> Iterator[None]:
    ScopeLimit.objects.filter(scope=SCOPE).update(most=3)
    yield
    ScopeLimit.objects.filter(scope=SCOPE).update(most=1)


def test_a_declared_entity_has_its_limit(committed: None) -> None:
    assert ScopeLimit.objects.get(scope=SCOPE).most == 1


def test_a_changed_limit_stays(three_at_once: None) -> None:
    limits.default_limits()

    assert ScopeLimit.objects.get(scope=SCOPE).most == 3


def test_a_job_beyond_the_limit_waits_without_a_wakeup(handle: Register) -> None:
    first, second = ask("sync"), ask("sync")

    assert (first.hold, second.hold) == (None, "limit")
    assert len(wakeups(first)) == 1
    assert wakeups(second) == []


def test_a_refresh_is_not_counted(handle: Register) -> None:
    ask("sync")

    assert ask("refresh").hold is None


def test_a_replay_waits_for_replays_but_for_no_sync(handle: Register) -> None:
    ask("sync")

    assert (ask("replay").hold, ask("replay").hold) == (None, "limit")


def test_a_replay_waits_for_the_end_of_a_pause(handle: Register) -> None:
    handle(done, "replay")
    verbs.pause(entity(), by=OPERATOR)
    job = ask("replay")
    assert job.hold == "paused"

    verbs.resume(entity(), by=OPERATOR)

    assert run(job) == "success"


def test_who_ends_hands_over_to_the_best(handle: Register) -> None:
    handle(done, "sync")
    first, low, high = ask("sync"), ask("sync", priority=0), ask("sync", priority=20)

    run(first)

    low.refresh_from_db()
    high.refresh_from_db()
    assert (low.hold, high.hold) == ("limit", None)
    assert len(wakeups(high)) == 1


def test_a_job_in_backoff_gives_its_place_and_takes_none_unasked(handle: Register) -> None:
    def fails(claim: Claim) -> None:
        raise TransientError("not now")

    handle(fails, "sync")
    backing_off, second = ask("sync"), ask("sync")
    run(backing_off)
    second.refresh_from_db()
    assert (backing_off.hold, second.hold) == ("backoff", None)

    outcome = run_job(backing_off.pk, backing_off.fence)

    backing_off.refresh_from_db()
    assert (outcome, backing_off.hold, backing_off.wakeup) == ("stale", "limit", None)
    handle(done, "sync")
    run(second)
    assert run(backing_off) == "success"


def test_thirty_jobs_of_threads_are_never_more_than_three_at_once(
    handle: Register, three_at_once: None
) -> None:
    running, most = [0], [0]
    lock = threading.Lock()

    def counts(claim: Claim) -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.02)
        with lock:
            running[0] -= 1
        claim.finish({})

    handle(counts, "sync")
    for _ in range(30):
        ask("sync")

    together(8, lambda _: work_until_empty(30))

    assert most[0] <= 3
    assert Job.objects.filter(status="success").count() == 30


def test_a_hand_over_that_a_dead_worker_left_out_is_made_up_for(handle: Register) -> None:
    first, second = ask("sync"), ask("sync")
    Job.objects.filter(pk=first.pk).update(status="success", wakeup=None)

    reaper.sweep()

    second.refresh_from_db()
    assert second.hold is None
    assert len(wakeups(second)) == 1


def test_a_paused_entity_starts_nothing_until_it_is_resumed(handle: Register) -> None:
    handle(done, "sync")
    asked_before = ask("sync")
    verbs.pause(entity(), by=OPERATOR, reason="the shop moves house")
    asked_after = ask("sync")

    assert run(asked_before) == "stale"
    assert (asked_before.hold, asked_after.hold) == ("paused", "paused")
    verbs.resume(entity(), by=OPERATOR)
    assert run(asked_before) == "success"
    assert run(asked_after) == "success"
    assert list(AuditEntry.objects.order_by("id").values_list("act", flat=True)) == [
        "entity.pause",
        "entity.resume",
    ]


def test_a_paused_limit_holds_as_well(handle: Register) -> None:
    ScopeLimit.objects.filter(scope=SCOPE).update(paused=True)

    assert ask("sync").hold == "paused"


def test_pausing_twice_is_a_conflict(committed: None) -> None:
    verbs.pause(entity(), by=OPERATOR)

    with pytest.raises(Conflict, match="already"):
        verbs.pause(entity(), by=OPERATOR)
