"""/api/v1/delete-proposals."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from sync.models import AuditEntry, Job
from tests import factories

PROPOSALS = "/api/v1/delete-proposals"
JSON = "application/json"


def test_it_lists_them_by_entity_and_state(reader: Client) -> None:
    one = factories.delete_proposal()
    factories.delete_proposal("shop.makers", state="rejected")

    shown = reader.get(f"{PROPOSALS}?entity=gadgets&state=proposed").json()

    assert [item["id"] for item in shown["items"]] == [str(one.id)]
    assert len(reader.get(PROPOSALS).json()["items"]) == 2


def test_it_shows_one(reader: Client) -> None:
    one = factories.delete_proposal()

    shown = reader.get(f"{PROPOSALS}/{one.id}").json()

    assert (shown["entity"], shown["count"], shown["live_rows"], shown["sample"]) == (
        "shop.gadgets",
        30,
        100,
        ["1", "2", "3"],
    )
    assert reader.get(f"{PROPOSALS}/{uuid.uuid4()}").status_code == 404


@pytest.mark.parametrize(
    ("act", "before", "after", "jobs"),
    [
        ("approve", "proposed", "approved", 1),
        ("reject", "proposed", "rejected", 0),
        ("undo", "applied", "undone", 1),
    ],
)
def test_it_decides(operator: Client, act: str, before: str, after: str, jobs: int) -> None:
    one = factories.delete_proposal(state=before)

    answer = operator.post(f"{PROPOSALS}/{one.id}/{act}", {"reason": "known"}, content_type=JSON)

    assert (answer.status_code, answer.json()["state"], answer.json()["reason"]) == (200, after, "known")
    assert Job.objects.filter(kind="deletes").count() == jobs
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.actor, entry.door) == (f"delete_proposal.{act}", "carol", "api")


def test_what_is_decided_is_a_conflict(operator: Client) -> None:
    one = factories.delete_proposal(state="rejected")

    answer = operator.post(f"{PROPOSALS}/{one.id}/approve", content_type=JSON)

    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_a_reader_may_not_decide(reader: Client) -> None:
    one = factories.delete_proposal()

    assert reader.post(f"{PROPOSALS}/{one.id}/approve", content_type=JSON).status_code == 403
