"""/api/v1/limits and /api/v1/lanes."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from sync.audit import Actor
from sync.jobs import pauses
from sync.jobs.enqueue import enqueue
from sync.models import AuditEntry, Job
from sync.registry import registry
from tests import factories

GADGETS = "entity:shop.gadgets"


def asked() -> Job:
    entity = registry.find("shop.gadgets")
    return enqueue("sync", entity=entity, requested_by="test", lanes=["shop.order:1"]).job


def test_every_limit_is_listed_with_its_use(reader: Client) -> None:
    enqueue("sync", entity=registry.find("shop.gadgets"), requested_by="test")
    enqueue("sync", entity=registry.find("shop.gadgets"), requested_by="test")

    found = {item["scope"]: item for item in reader.get("/api/v1/limits").json()["items"]}

    assert found[GADGETS] == {"scope": GADGETS, "most": 1, "paused": False, "running": 1, "waiting": 1}
    assert found["system:shop"]["most"] is None
    assert reader.get(f"/api/v1/limits/{GADGETS}").json() == found[GADGETS]


def test_a_limit_is_changed_and_audited(operator: Client) -> None:
    change = {"most": 5, "reason": "the shop has a new server"}

    answer = operator.patch("/api/v1/limits/system:shop", change, content_type="application/json")

    assert (answer.status_code, answer.json()["most"]) == (200, 5)
    (entry,) = AuditEntry.objects.all()
    assert (entry.act, entry.object_id, entry.reason) == (
        "limit.change",
        "system:shop",
        "the shop has a new server",
    )
    assert (entry.before, entry.after) == ({"most": None, "paused": False}, {"most": 5, "paused": False})


def test_a_paused_system_starts_nothing_not_even_what_somebody_waits_for(operator: Client) -> None:
    operator.patch("/api/v1/limits/system:shop", {"paused": True}, content_type="application/json")
    entity = registry.find("shop.gadgets")

    jobs = [
        enqueue(kind, entity=entity, params={"key": {"id": "1"}}, priority=30, requested_by="test").job
        for kind in ("sync", "refresh")
    ]

    assert [job.hold for job in jobs] == ["paused", "paused"]


def test_an_entity_that_was_paused_at_any_door_is_paused_here_and_resumed_here(operator: Client) -> None:
    pauses.pause("shop.gadgets", by=Actor("olga", "shell"))

    found = {item["scope"]: item["paused"] for item in operator.get("/api/v1/limits").json()["items"]}
    assert (found[GADGETS], found["replay:shop.gadgets"], found["system:shop"]) == (True, True, False)
    answer = operator.patch(f"/api/v1/limits/{GADGETS}", {"paused": False}, content_type="application/json")

    assert answer.json()["paused"] is False
    assert pauses.in_force() == []


def test_a_full_system_does_not_hold_what_somebody_waits_for(operator: Client) -> None:
    operator.patch("/api/v1/limits/system:shop", {"most": 1}, content_type="application/json")
    entity = registry.find("shop.gadgets")
    enqueue("sync", entity=entity, requested_by="test")

    holds = [
        enqueue(
            "refresh", entity=entity, params={"key": {"id": "1"}}, priority=number, requested_by="test"
        ).job.hold
        for number in (10, 30)
    ]

    assert holds == ["limit", None]


@pytest.mark.parametrize(
    ("scope", "change", "status", "code"),
    [
        (GADGETS, {"most": 0}, 400, "bad_limit"),
        (GADGETS, {"most": -1}, 400, "bad_limit"),
        (GADGETS, {"most": True}, 400, "bad_limit"),
        (GADGETS, {"most": None}, 400, "bad_limit"),
        (GADGETS, {"most": "many"}, 400, "bad_limit"),
        (GADGETS, {"most": 1001}, 400, "bad_limit"),
        (GADGETS, {"paused": "yes"}, 400, "bad_limit"),
        (GADGETS, {}, 400, "bad_limit"),
        (GADGETS, {"least": 1}, 400, "unknown_field"),
        ("system:nowhere", {"most": 1}, 404, "not_found"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(
    operator: Client, scope: str, change: dict[str, Any], status: int, code: str
) -> None:
    answer = operator.patch(f"/api/v1/limits/{scope}", change, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not AuditEntry.objects.exists()


def test_who_only_reads_changes_nothing(reader: Client) -> None:
    answer = reader.patch(f"/api/v1/limits/{GADGETS}", {"most": 2}, content_type="application/json")

    assert answer.status_code == 403


def test_a_lane_tells_whom_it_waits_for(reader: Client) -> None:
    first, second = asked(), asked()
    Job.objects.filter(pk=first.pk).update(
        status="failed",
        wakeup=None,
        finished_at=factories.now(),
        error_code="refused",
        error="No such order.",
    )

    (lane,) = reader.get("/api/v1/lanes?dead=true").json()["items"]

    assert (lane["lane"], lane["waiting"], lane["job_id"], lane["status"]) == (
        "shop.order:1",
        1,
        str(first.pk),
        "failed",
    )
    assert lane["why"].startswith(f"Job {first.pk} (sync) is dead since ")
    assert "resolve or retry it. refused: No such order." in lane["why"]
    shown = reader.get(f"/api/v1/jobs/{second.pk}").json()
    assert shown["lanes"] == ["shop.order:1"]
    assert shown["waits_for"] == [f"Lane shop.order:1: {lane['why']}"]


def test_lanes_are_paged_by_name(reader: Client) -> None:
    for number in (1, 1, 2, 2, 3):
        enqueue("sync", requested_by="test", lanes=[f"shop.order:{number}"])

    page = reader.get("/api/v1/lanes?limit=1").json()
    rest = reader.get(f"/api/v1/lanes?limit=1&after={page['next']}").json()

    assert [item["lane"] for item in page["items"] + rest["items"]] == ["shop.order:1", "shop.order:2"]
    assert rest["next"] is None
