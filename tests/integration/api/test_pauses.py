"""/api/v1/pauses."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

PAUSES = "/api/v1/pauses"


def test_a_system_is_paused_and_resumed(operator: Client) -> None:
    asked = {"scope": "system:shop", "reason": "down"}

    made = operator.post(PAUSES, asked, content_type="application/json")

    assert made.status_code == 201
    assert (made.json()["scope"], made.json()["by"], made.json()["reason"]) == (
        "system:shop",
        "carol",
        "down",
    )
    assert operator.get(PAUSES).json()["items"] == [made.json()]
    again = operator.post(PAUSES, asked, content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    ended = operator.post(f"{PAUSES}/system:shop/resume", {}, content_type="application/json")
    assert (ended.status_code, ended.json()["items"]) == (200, [])


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 400),
        ({"scope": 7}, 400),
        ({"scope": "system:nobody"}, 404),
        ({"scope": "queue:nonsense"}, 404),
        ({"scope": "shop.nothing"}, 404),
        ({"scope": "system:shop", "until": "noon"}, 400),
    ],
)
def test_what_makes_no_sense_is_refused(operator: Client, asked: dict[str, Any], status: int) -> None:
    answer = operator.post(PAUSES, asked, content_type="application/json")

    assert answer.status_code == status
    assert operator.get(PAUSES).json()["items"] == []


def test_who_may_only_read_pauses_nothing(reader: Client) -> None:
    assert reader.post(PAUSES, {"scope": "system:shop"}, content_type="application/json").status_code == 403
