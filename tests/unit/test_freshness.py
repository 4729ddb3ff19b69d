"""What may be answered, by age."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from sync.freshness import Recent, State, Verdict, judge, judge_list
from sync.lookup import Lookup
from sync.records import Found

NOW = datetime(2025, 12, 8, 10, 30, tzinfo=UTC)
FRESHNESS = timedelta(minutes=15)


def ago(minutes: float | None) -> datetime | None:
    return None if minutes is None else NOW - timedelta(minutes=minutes)


def found(synced: float, *, deleted: bool = False) -> Found:
    at = ago(synced) or NOW
    return Found(
        key_hash=uuid.UUID(int=1),
        revision=1,
        synced_at=at,
        changed_at=at,
        deleted_at=at if deleted else None,
        data="{}",
    )


def judged(
    row: Found | None,
    *,
    fresh_to: float | None = None,
    absent: float | None = None,
    refused: float | None = None,
    emptied: float | None = None,
) -> Verdict:
    known = Lookup(
        found=row,
        fresh_to=ago(fresh_to),
        absent_since=ago(absent),
        refused_at=ago(refused),
        emptied_at=ago(emptied),
    )
    return judge(known, FRESHNESS, NOW)


@pytest.mark.parametrize(
    ("synced", "fresh_to", "state", "age"),
    [
        (1, None, State.FRESH, 1),
        (14.9, None, State.FRESH, 14.9),
        (15, None, State.STALE, 15),
        (60, 2, State.FRESH, 2),
        (2, 60, State.FRESH, 2),
        (60, 20, State.STALE, 20),
    ],
)
def test_age_is_the_newer_of_the_records_and_the_runs(
    synced: float, fresh_to: float | None, state: State, age: float
) -> None:
    verdict = judged(found(synced), fresh_to=fresh_to)

    assert (verdict.state, verdict.as_of, verdict.due) == (state, ago(age), state is State.STALE)
    assert verdict.fresh_until == NOW - timedelta(minutes=age) + FRESHNESS


@pytest.mark.parametrize(
    ("absent", "state", "due"),
    [(None, State.UNKNOWN, True), (14, State.ABSENT, False), (15, State.UNKNOWN, True)],
)
def test_an_absence_is_remembered_for_the_freshness(absent: float | None, state: State, due: bool) -> None:
    verdict = judged(None, absent=absent)

    assert (verdict.state, verdict.due) == (state, due)


@pytest.mark.parametrize(("absent", "due"), [(5, False), (20, True)])
def test_a_key_that_is_gone_stays_absent_until_it_is_seen_again(absent: float, due: bool) -> None:
    verdict = judged(found(30), absent=absent)

    assert (verdict.state, verdict.due) == (State.ABSENT, due)


def test_a_record_seen_after_its_absence_is_there() -> None:
    assert judged(found(1), absent=5).state is State.FRESH


def test_a_run_does_not_bring_back_a_key_that_is_gone() -> None:
    assert judged(found(30), absent=5, fresh_to=1).state is State.ABSENT


@pytest.mark.parametrize(("refused", "due"), [(14, False), (15, True), (60, True)])
def test_a_refusal_is_remembered_for_the_freshness(refused: float, due: bool) -> None:
    verdict = judged(found(30), refused=refused)

    assert (verdict.state, verdict.due) == (State.STALE, due)


@pytest.mark.parametrize(
    ("emptied", "fresh_to", "state"),
    [(5, None, State.UNKNOWN), (5, 10, State.UNKNOWN), (5, 1, State.DELETED), (None, None, State.DELETED)],
)
def test_a_deletion_of_an_emptied_entity_counts_when_it_was_read_anew(
    emptied: float | None, fresh_to: float | None, state: State
) -> None:
    assert judged(found(5, deleted=True), emptied=emptied, fresh_to=fresh_to).state is state


def test_an_emptied_entitys_absent_record_is_absent() -> None:
    assert judged(found(5, deleted=True), emptied=5, absent=1).state is State.ABSENT


@pytest.mark.parametrize(("synced", "due"), [(1, False), (20, True)])
def test_a_deletion_ages_as_a_record_does(synced: float, due: bool) -> None:
    verdict = judged(found(synced, deleted=True), absent=0)

    assert (verdict.state, verdict.due) == (State.DELETED, due)


@pytest.mark.parametrize(
    ("fresh_to", "empty", "state"),
    [
        (None, False, State.STALE),
        (None, True, State.STALE),
        (14, False, State.FRESH),
        (15, False, State.STALE),
        (0.5, True, State.FRESH),
        (1, True, State.STALE),
    ],
)
def test_a_list_is_as_fresh_as_the_last_run(fresh_to: float | None, empty: bool, state: State) -> None:
    verdict = judge_list(ago(fresh_to), empty=empty, freshness=FRESHNESS, now=NOW)

    assert (verdict.state, verdict.due) == (state, state is State.STALE)


def test_a_request_for_work_is_remembered() -> None:
    recent, job = Recent(seconds=60), uuid.uuid4()

    recent.put("refresh:a", job)

    assert recent.get("refresh:a") == job
    assert recent.get("refresh:b") is None


def test_it_is_forgotten_in_time() -> None:
    recent = Recent(seconds=0)

    recent.put("refresh:a", uuid.uuid4())

    assert recent.get("refresh:a") is None


def test_the_oldest_request_gives_way() -> None:
    recent = Recent(seconds=60, most=2)

    for name in "abc":
        recent.put(name, uuid.uuid4())

    assert [recent.get(name) is None for name in "abc"] == [True, False, False]
