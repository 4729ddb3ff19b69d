"""/api/v1/resync/start."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from sync.models import AuditEntry, Job
from tests import factories
from tests.farend import FarEnd

START = "/api/v1/resync/start"


@pytest.fixture(autouse=True)
def far_end() -> Iterator[FarEnd]:
    with FarEnd() as server:
        server.set("")
        yield server


def post(client: Client, **data: Any) -> Any:
    return client.post(START, {"entity": "gadgets", **data}, content_type="application/json")


def test_a_preview_tells_and_starts_nothing(operator: Client) -> None:
    factories.failed_record()

    told = post(operator, mode="empty", preview=True)

    assert (told.status_code, told.json()["failed_records"], told.json()["mode"]) == (200, 1, "empty")
    assert not Job.objects.exists()


def test_it_starts_either_mode(operator: Client) -> None:
    kept = post(operator)
    emptied = post(operator, mode="empty", confirm="shop.gadgets", reason="wrong system")

    assert [(answer.status_code, answer.json()["kind"]) for answer in (kept, emptied)] == [
        (202, "sync"),
        (202, "resync"),
    ]
    entry = AuditEntry.objects.filter(act="entity.resync").latest("id")
    assert (entry.actor, entry.door, entry.reason, entry.object_id) == (
        "carol",
        "api",
        "wrong system",
        "shop.gadgets",
    )


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"entity": ""}, 400, "bad_parameter"),
        ({"entity": "nothing"}, 404, "unknown_entity"),
        ({"mode": "burn"}, 400, "bad_mode"),
        ({"mode": "empty"}, 400, "confirmation_missing"),
        ({"mode": "empty", "confirm": "gadgets"}, 400, "confirmation_missing"),
        ({"full": True}, 400, "unknown_field"),
    ],
)
def test_what_makes_no_sense_is_refused(
    operator: Client, asked: dict[str, Any], status: int, code: str
) -> None:
    answer = post(operator, **asked)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Job.objects.exists()


def test_nothing_is_emptied_while_the_far_end_is_away(operator: Client, far_end: FarEnd) -> None:
    far_end.refuse_with = (500, {}, b"{}")

    answer = post(operator, mode="empty", confirm="shop.gadgets")

    assert (answer.status_code, answer.json()["code"]) == (409, "far_end_away")


def test_a_reader_may_not(reader: Client) -> None:
    assert post(reader).status_code == 403
