"""Drained workers take nothing, and what they run burns no try."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from sync.errors import InvalidRequest, NotFound
from sync.jobs import fleet
from sync.jobs.fetching import take_next
from sync.jobs.kinds import SYNC
from sync.jobs.lease import worker_name
from sync.models import AuditEntry, Worker
from sync.queries import query
from tests.integration.jobs.conftest import OPERATOR, Register, ask
from tests.integration.jobs.test_worker import known_kinds

__all__ = ["known_kinds"]


def announce(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            query("announce_worker"),
            {"name": name, "host": "vm", "pid": 1, "version": "0.1", "queues": ["sync"], "kinds": []},
        )
        (told,) = cursor.fetchone() or (None,)
    return bool(told)


def test_nothing_is_taken_until_all_are_resumed(handle: Register) -> None:
    ask()

    fleet.drain(by=OPERATOR, reason="a deploy")

    assert take_next(SYNC, None) == []
    assert fleet.state()["drained_by"] == OPERATOR.name
    fleet.resume(by=OPERATOR)
    assert len(take_next(SYNC, None)) == 1
    acts = AuditEntry.objects.order_by("id").values_list("act", "object_id", "reason")
    assert list(acts) == [("fleet.drain", "all", "a deploy"), ("fleet.resume", "all", None)]


def test_one_worker_is_drained_by_its_name(handle: Register) -> None:
    ask()
    announce("another:1:a")
    fleet.drain(by=OPERATOR, worker="another:1:a")
    assert len(take_next(SYNC, None)) == 1
    announce(worker_name())
    ask()

    fleet.drain(by=OPERATOR, worker=worker_name())

    assert take_next(SYNC, None) == []
    fleet.resume(by=OPERATOR)
    assert len(take_next(SYNC, None)) == 1
    assert not Worker.objects.exclude(draining_since=None).exists()


def test_who_is_drained_hears_when_its_jobs_time_is_over(handle: Register) -> None:
    assert not announce("one:1:a")
    fleet.drain(by=OPERATOR, worker="one:1:a", wait=3600)
    assert not announce("one:1:a")

    fleet.drain(by=OPERATOR, wait=0)

    assert announce("one:1:a")
    assert announce("two:2:b")


def test_a_worker_that_nobody_knows_and_times_that_make_no_sense_are_refused(committed: None) -> None:
    with pytest.raises(NotFound):
        fleet.drain(by=OPERATOR, worker="nobody:1:a")
    with pytest.raises(InvalidRequest):
        fleet.drain(by=OPERATOR, wait=-1)
    assert not AuditEntry.objects.exists()


def test_the_time_for_what_runs_may_be_set_for_all(committed: None, settings: Any) -> None:
    assert fleet.usual_wait() == 60
    settings.BRIDGE_DRAIN_SECONDS = 5

    fleet.drain(by=OPERATOR)

    after = AuditEntry.objects.get().after
    assert after is not None
    assert after["wait"] == 5
