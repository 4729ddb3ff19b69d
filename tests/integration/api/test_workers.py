"""/api/v1/workers: who lives, drain, resume; and queues that are paused."""

from __future__ import annotations

from django.test import Client

from sync.models import AuditEntry
from tests import factories

WORKERS = "/api/v1/workers"


def test_who_lives_is_told(reader: Client) -> None:
    factories.worker()

    found = reader.get(WORKERS).json()

    assert (found["draining_since"], found["running"]) == (None, 0)
    assert [(worker["name"], worker["queues"]) for worker in found["workers"]] == [("vm:7:a", ["sync"])]


def test_all_are_drained_and_resumed(operator: Client) -> None:
    factories.worker()

    drained = operator.post(
        f"{WORKERS}/drain", {"wait": 5, "reason": "a deploy"}, content_type="application/json"
    )

    assert (drained.status_code, drained.json()["reason"]) == (200, "a deploy")
    assert drained.json()["draining_since"]
    resumed = operator.post(f"{WORKERS}/resume", {"worker": "vm:7:a"}, content_type="application/json")
    assert resumed.json()["draining_since"]
    resumed = operator.post(f"{WORKERS}/resume", {}, content_type="application/json")
    assert resumed.json()["draining_since"] is None
    acts = AuditEntry.objects.order_by("id").values_list("act", "object_id")
    assert list(acts) == [("fleet.drain", "all"), ("fleet.resume", "vm:7:a"), ("fleet.resume", "all")]


def test_what_makes_no_sense_is_refused(operator: Client) -> None:
    for path, body, status in (
        ("drain", {"worker": "nobody"}, 404),
        ("drain", {"wait": "soon"}, 400),
        ("drain", {"wait": -1}, 400),
        ("resume", {"wait": 5}, 400),
    ):
        answer = operator.post(f"{WORKERS}/{path}", body, content_type="application/json")
        assert answer.status_code == status, (path, body)
    assert not AuditEntry.objects.exists()


def test_who_may_only_read_drains_nothing(reader: Client) -> None:
    assert reader.post(f"{WORKERS}/drain", {}, content_type="application/json").status_code == 403


def test_a_queue_is_paused_and_has_no_number(operator: Client) -> None:
    paused = operator.patch("/api/v1/limits/queue:sync", {"paused": True}, content_type="application/json")
    assert paused.json()["paused"]

    refused = operator.patch("/api/v1/limits/queue:sync", {"most": 3}, content_type="application/json")

    assert refused.status_code == 400
