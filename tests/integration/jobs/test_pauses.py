"""Pausing a queue, an entity or a system, and what is paused."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.db import connection

from sync.audit import Actor
from sync.errors import Conflict, NotFound, UnknownEntity
from sync.jobs import handing, lane_words, limit_acts, limits, pauses
from sync.jobs.enqueue import enqueue
from sync.jobs.going_on import go_on
from sync.jobs.kinds import INTERACTIVE, SYNC
from sync.models import AuditEntry, Job, ScopeLimit, Tracker
from sync.registry import registry
from tests.integration.jobs.conftest import GADGETS, OPERATOR, Register, ask, done, wakeups


@pytest.mark.parametrize("what", ["queue:sync", "system:shop", GADGETS, f"entity:{GADGETS}"])
def test_it_is_paused_told_and_resumed(db: None, what: str) -> None:
    scope = what if ":" in what else f"entity:{what}"

    made = pauses.pause(what, by=OPERATOR, reason="a move")

    assert (made.scope, made.by, made.reason) == (scope, OPERATOR.name, "a move")
    assert pauses.in_force() == [made]
    with pytest.raises(Conflict):
        pauses.pause(what, by=OPERATOR)
    assert pauses.resume(what, by=OPERATOR) == scope
    assert pauses.in_force() == []
    with pytest.raises(Conflict):
        pauses.resume(what, by=OPERATOR)
    assert AuditEntry.objects.count() == 2


def test_what_is_paused_starts_nothing(db: None) -> None:
    pauses.pause("gadgets" if "gadgets" in registry else GADGETS, by=OPERATOR)

    job = enqueue("sync", entity=registry.find(GADGETS), requested_by="test").job

    assert job.hold == "paused"


def hub(most: int | None) -> None:
    ScopeLimit.objects.update_or_create(scope="system:hub", defaults={"most": most, "paused": False})


def of_every_sort() -> dict[str, Job]:
    ways: dict[str, dict[str, Any]] = {"refresh": {"key": {"id": "1"}}, "sync": {}, "replay": {}}
    ways |= {kind: {"target": "hub"} for kind in ("push", "reconcile")}
    return {kind: ask(kind, params=params) for kind, params in ways.items()}


def test_a_pause_of_an_entity_holds_all_that_asks_or_writes_for_it(handle: Register) -> None:
    pauses.pause(GADGETS, by=OPERATOR)

    jobs = of_every_sort()
    assert {job.hold for job in jobs.values()} == {"paused"}
    pauses.resume(GADGETS, by=OPERATOR)

    for job in jobs.values():
        job.refresh_from_db()
    assert {job.hold for job in jobs.values()} == {None}


@pytest.mark.parametrize(("kind", "queue"), [("refresh", INTERACTIVE), ("push", SYNC)])
def test_what_was_to_start_when_its_entity_was_paused_is_not_taken(
    handle: Register, kind: str, queue: str
) -> None:
    handle(done, kind)
    job = ask(kind, params={"target": "hub", "key": {"id": "1"}})
    pauses.pause(GADGETS, by=OPERATOR)

    go_on(queue, None)

    job.refresh_from_db()
    assert (job.status, job.hold) == ("pending", "paused")
    handing.hand_over_all()
    job.refresh_from_db()
    assert job.hold == "paused"
    Tracker.objects.update(state="active")  # as if who resumed it had died before it handed over
    handing.hand_over_all()
    go_on(queue, None)
    job.refresh_from_db()
    assert job.status == "success"


def test_a_pause_of_a_system_holds_what_is_written_to_it(handle: Register) -> None:
    hub(None)
    pauses.pause("system:hub", by=OPERATOR)

    holds = {kind: job.hold for kind, job in of_every_sort().items()}

    paused = {"push": "paused", "reconcile": "paused"}
    assert holds == {"refresh": None, "sync": None, "replay": None, **paused}


def test_its_end_lets_that_go_on(handle: Register) -> None:
    hub(None)
    pauses.pause("system:hub", by=OPERATOR)
    job = ask("push", params={"target": "hub"})
    (words,) = lane_words.waits_for(job)
    assert "`bridge resume system:hub`" in words

    pauses.resume("system:hub", by=OPERATOR)

    job.refresh_from_db()
    assert (job.hold, len(wakeups(job))) == (None, 1)


def test_what_is_written_to_a_system_takes_no_place_of_its_limit(handle: Register) -> None:
    hub(1)

    jobs = [ask("push", params={"target": "hub"}), ask("reconcile", params={"target": "hub"})]

    assert [job.hold for job in jobs] == [None, None]
    assert limit_acts.use(["system:hub"])["system:hub"].running == 0


def test_what_waits_for_the_end_of_a_systems_pause_is_found_by_the_sweep(handle: Register) -> None:
    hub(None)
    pauses.pause("system:hub", by=OPERATOR)
    job = ask("push", params={"target": "hub"})
    ScopeLimit.objects.filter(scope="system:hub").update(paused=False)  # as if who resumed it had died

    handing.hand_over_all()

    job.refresh_from_db()
    assert job.hold is None


def test_replays_that_are_paused_too_stay_so_when_their_entity_goes_on(db: None) -> None:
    scope = f"replay:{GADGETS}"
    pauses.pause(GADGETS, by=OPERATOR)
    limit_acts.change(scope, paused=True, by=OPERATOR)

    limit_acts.change(f"entity:{GADGETS}", paused=False, by=OPERATOR)

    assert limit_acts.find(scope).paused
    assert AuditEntry.objects.filter(object_id=scope).count() == 1


def test_a_pause_of_older_code_holds_all_after_the_upgrade(handle: Register) -> None:
    jobs = of_every_sort()
    asked = {kind: sorted(job.scopes) for kind, job in jobs.items()}
    Job.objects.filter(kind__in=("push", "reconcile")).update(scopes=[])
    Job.objects.filter(kind="refresh").update(scopes=["system:shop"])
    limit_acts.find(f"entity:{GADGETS}")
    ScopeLimit.objects.filter(scope=f"entity:{GADGETS}").update(paused=True)
    upgrade = import_module("sync.migrations.0037_targets")

    with connection.cursor() as cursor:
        cursor.execute(upgrade.JOBS)
        cursor.execute(upgrade.PAUSES)

    assert {job.kind: sorted(job.scopes) for job in Job.objects.all()} == asked
    assert not limit_acts.find(f"entity:{GADGETS}").paused
    assert Tracker.objects.get(entity__path=GADGETS).state == "paused"
    assert limits.is_paused(asked["push"])


def test_an_entity_is_paused_once_whatever_the_door(db: None) -> None:
    limit_acts.change(f"entity:{GADGETS}", paused=True, by=OPERATOR, reason="twice")

    assert Tracker.objects.get(entity__path=GADGETS).state == "paused"
    with pytest.raises(Conflict, match="paused already"):
        pauses.pause(GADGETS, by=OPERATOR)
    replays = limit_acts.find(f"replay:{GADGETS}")
    assert limit_acts.held([replays])
    with pytest.raises(Conflict, match=f"resume entity:{GADGETS}"):
        limit_acts.change(replays.scope, paused=False, by=OPERATOR)
    limit_acts.change(f"entity:{GADGETS}", paused=False, by=OPERATOR)

    assert pauses.in_force() == []
    told = AuditEntry.objects.order_by("id").values_list("before__paused", "after__paused")
    assert list(told) == [(False, True), (True, False)]


def test_an_entity_that_an_older_bridge_paused_by_its_limit_is_resumed(db: None) -> None:
    ScopeLimit.objects.filter(scope__in=[f"entity:{GADGETS}", f"replay:{GADGETS}"]).update(paused=True)
    pauses.pause(GADGETS, by=OPERATOR)

    pauses.resume(GADGETS, by=OPERATOR)

    assert pauses.in_force() == []
    assert not Tracker.objects.filter(state="paused").exists()


def test_who_changes_a_limit_meanwhile_has_not_paused_it(db: None) -> None:
    made = pauses.pause("system:shop", by=OPERATOR, reason="a move")

    limit_acts.change("system:shop", most=3, by=Actor("ivan", "shell"), reason="a new server")

    assert pauses.in_force() == [made]


def test_a_pause_of_which_nothing_is_written_is_told_all_the_same(db: None) -> None:
    Tracker.objects.filter(entity__path=GADGETS).update(state="paused")

    (found,) = pauses.in_force()

    assert (found.scope, found.by) == (f"entity:{GADGETS}", None)


@pytest.mark.parametrize("what", ["queue:nonsense", "system:nobody", "nowhere", ""])
def test_what_there_is_not_cannot_be_paused(db: None, what: str) -> None:
    with pytest.raises((NotFound, UnknownEntity)):
        pauses.pause(what, by=OPERATOR)
    with pytest.raises((NotFound, UnknownEntity)):
        pauses.resume(what, by=OPERATOR)
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(("what", "meant"), [("shop", "system:shop"), ("sync", "queue:sync")])
def test_a_system_or_a_queue_by_its_bare_name_is_told_how_to_say_it(db: None, what: str, meant: str) -> None:
    with pytest.raises(NotFound, match=f"say {meant}"):
        pauses.pause(what, by=OPERATOR)
